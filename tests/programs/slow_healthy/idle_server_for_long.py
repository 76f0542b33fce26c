"""A server without clients: nothing happens, and that is well."""

# /// diag
# verdict = "healthy"
# twin_of = ["stall"]
# stall_s = 2.0
# ///

import os
import socket

with socket.create_server(("127.0.0.1", 0)) as listener:
    print("READY", os.getpid(), flush=True)
    listener.accept()
