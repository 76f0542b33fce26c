"""A unix socket server waits in poll; a thread pool is idle behind it."""

# /// diag
# verdict = "healthy"
# ///

import os
import selectors
import socket
import tempfile
from concurrent.futures import ThreadPoolExecutor

server = socket.socket(socket.AF_UNIX)
server.bind(os.path.join(tempfile.mkdtemp(), "control.sock"))
server.listen()
selector = selectors.DefaultSelector()
selector.register(server, selectors.EVENT_READ)
with ThreadPoolExecutor(2) as pool:
    pool.submit(abs, -1).result()
    os.write(1, b"READY %d\n" % os.getpid())
    selector.select()
