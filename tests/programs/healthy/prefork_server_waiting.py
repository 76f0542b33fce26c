"""A prefork server whose master waits for any child to end."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
import socket

server = socket.create_server(("127.0.0.1", 0))
for _ in range(3):
    if os.fork() == 0:
        while True:
            connection, _ = server.accept()
            connection.close()
os.write(1, b"READY %d\n" % os.getpid())
os.wait()
