"""A client waits for the answer of a server outside of the tree, over a unix socket."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import socket
import time


def start_outside(work):
    """Run work in a process whose parent has ended: it is not in this tree."""
    between = os.fork()
    if between == 0:
        if os.fork() == 0:
            work()
        os._exit(0)
    os.waitpid(between, 0)


def answer_later():
    mine.close()
    time.sleep(3600)
    theirs.sendall(b"answer")


mine, theirs = socket.socketpair()
start_outside(answer_later)
theirs.close()
os.write(1, b"READY %d\n" % os.getpid())
mine.recv(100)
