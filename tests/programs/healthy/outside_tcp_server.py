"""A client waits for the answer of a server outside of the tree."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act", "silent-peer"]
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
    connection, _ = server.accept()
    time.sleep(3600)
    connection.sendall(b"answer")


server = socket.create_server(("127.0.0.1", 0))
start_outside(answer_later)
with socket.create_connection(server.getsockname()) as connection:
    server.close()
    os.write(1, b"READY %d\n" % os.getpid())
    connection.recv(100)
