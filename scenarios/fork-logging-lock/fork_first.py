"""The fixed service: it forks its workers while it still has one thread.

Nobody can hold a lock that nobody uses yet. Each worker then opens the log itself.
`multiprocessing.Pool` forks all its workers at once, here before any thread exists.
"""

import ctypes
import json
import logging
import multiprocessing
import os
import select
import signal
import tempfile
import threading
import time

LIFE_S = 120
ORDERS = 4
WORKERS = 2
PR_SET_PDEATHSIG = 1

log = logging.getLogger("shop")


def configure_logging(path):
    logging.basicConfig(
        handlers=[logging.FileHandler(path)], level=logging.INFO, format="%(process)d %(message)s"
    )


def start_worker(path):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    configure_logging(path)


def handle_order(order):
    log.info("order %d: started", order)
    return order


def chatter():
    """Log one big message, as the dump of a request is, then small ones."""
    log.info("catalogue reloaded: %s", "x" * 300_000)
    while True:
        log.info("still here")
        time.sleep(0.5)


def read_log(log_fd, resume):
    """Play the log collector: away until `resume` is set, then it keeps up."""
    resume.wait()
    os.set_blocking(log_fd, True)
    while os.read(log_fd, 65536):
        pass


def wait_until_full(fd):
    while select.select([], [fd], [], 0)[1]:
        time.sleep(0.01)


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shop.log")
        os.mkfifo(path)
        log_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        with context.Pool(WORKERS, initializer=start_worker, initargs=(path,)) as pool:
            resume = threading.Event()
            threading.Thread(
                target=read_log, args=(log_fd, resume), name="log-reader", daemon=True
            ).start()
            configure_logging(path)
            threading.Thread(target=chatter, name="chatter", daemon=True).start()
            wait_until_full(logging.getLogger().handlers[0].stream.fileno())

            orders = pool.map_async(handle_order, range(ORDERS))
            resume.set()
            orders.wait(timeout=1)
            print("READY", os.getpid(), flush=True)
            done = orders.get()
    print("RESULT", json.dumps({"orders_done": len(done)}), flush=True)


if __name__ == "__main__":
    main()
