"""The write end of a pipe is on its way to a child that sleeps; who else has it waits itself."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import socket
import time

done, report = os.pipe()
begin, start = os.pipe()
sender, receiver = socket.socketpair()
socket.send_fds(sender, [b"report"], [report])
if os.fork() == 0:
    os.close(start)
    os.read(begin, 1)  # has the write end by inheritance, and begins when the parent says so
    os._exit(0)
os.close(report)
if os.fork() == 0:
    for end in (done, begin, start):
        os.close(end)
    time.sleep(3600)
    _, (report,), _, _ = socket.recv_fds(receiver, 10, 1)
    os.write(report, b"x")
    os._exit(0)
receiver.close()
os.write(1, b"READY %d\n" % os.getpid())
os.read(done, 1)
os.write(start, b"x")
