"""Two hundred idle threads behind a server."""

# /// diag
# verdict = "healthy"
# ///

import os
import queue
import socket
import threading

jobs = queue.Queue()
for _ in range(200):
    threading.Thread(target=jobs.get, daemon=True).start()
server = socket.create_server(("127.0.0.1", 0))
os.write(1, b"READY %d\n" % os.getpid())
server.accept()
