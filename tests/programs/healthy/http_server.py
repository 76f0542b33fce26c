"""An idle http.server."""

# /// diag
# verdict = "healthy"
# ///

import http.server
import os

server = http.server.HTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
os.write(1, b"READY %d\n" % os.getpid())
server.serve_forever()
