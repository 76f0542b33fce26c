"""Two processes at the ends of a socket pair send, and neither reads."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["send_all"]
# ///

import os
import socket
import threading


def send_all(connection):
    connection.sendall(b"x" * 10_000_000)


def main():
    mine, theirs = socket.socketpair()
    if os.fork() == 0:
        mine.close()
        send_all(theirs)
        os._exit(0)
    theirs.close()
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    send_all(mine)


main()
