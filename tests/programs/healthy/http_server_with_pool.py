"""An idle threading HTTP server in front of an idle forked pool."""

# /// diag
# verdict = "healthy"
# ///

import http.server
import multiprocessing
import os
from concurrent.futures import ProcessPoolExecutor


def main():
    pool = ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("fork"))
    list(pool.map(abs, range(20)))
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler)
    os.write(1, b"READY %d\n" % os.getpid())
    server.serve_forever(poll_interval=None)


main()
