"""A server whose address multiprocessing has chosen: clients are told it, by a file for instance."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
from multiprocessing.connection import Listener

with Listener(family="AF_UNIX") as listener:
    os.write(1, b"READY %d\n" % os.getpid())
    with listener.accept() as connection:
        connection.recv()
