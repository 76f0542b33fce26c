"""A prefork server at rest: a master in select with time-out, workers in accept."""

# /// diag
# verdict = "healthy"
# ///

import os
import select
import signal
import socket

server = socket.create_server(("127.0.0.1", 0))
wake_read, wake_write = os.pipe()
for _ in range(3):
    if os.fork() == 0:
        while True:
            connection, _ = server.accept()
            connection.close()
signal.signal(signal.SIGTERM, lambda *_: os.write(wake_write, b"."))
os.write(1, b"READY %d\n" % os.getpid())
while True:
    select.select([wake_read], [], [], 1.0)
