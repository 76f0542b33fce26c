"""An idle spawned pool; the main thread waits for a connection."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os
import socket
from concurrent.futures import ProcessPoolExecutor


def main():
    with ProcessPoolExecutor(2, mp_context=multiprocessing.get_context("spawn")) as pool:
        list(pool.map(abs, range(20)))
        server = socket.create_server(("127.0.0.1", 0))
        os.write(1, b"READY %d\n" % os.getpid())
        server.accept()


if __name__ == "__main__":
    main()
