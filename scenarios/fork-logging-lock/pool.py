"""An order service: a worker pool and a chatty thread log to the same slow file.

With `--start-method fork` a worker inherits the locked buffer of the log file and
waits for ever on its first log line. With `spawn` or `forkserver` each worker
opens the log for itself.
"""

import argparse
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
from concurrent.futures import ProcessPoolExecutor, wait

LIFE_S = 120  # a hung copy of this script ends by itself
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
    configure_logging(path)  # does nothing in a forked worker: it has the parent's handlers


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
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--start-method", default="fork", choices=["fork", "spawn", "forkserver"])
    context = multiprocessing.get_context(options.parse_args().start_method)
    signal.alarm(LIFE_S)

    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "shop.log")
        os.mkfifo(path)
        log_fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        resume = threading.Event()
        threading.Thread(
            target=read_log, args=(log_fd, resume), name="log-reader", daemon=True
        ).start()
        configure_logging(path)
        threading.Thread(target=chatter, name="chatter", daemon=True).start()
        wait_until_full(logging.getLogger().handlers[0].stream.fileno())

        with ProcessPoolExecutor(
            WORKERS, mp_context=context, initializer=start_worker, initargs=(path,)
        ) as pool:
            futures = [pool.submit(handle_order, order) for order in range(ORDERS)]
            resume.set()  # from here on the parent's own threads are free again
            wait(futures, timeout=1)
            print("READY", os.getpid(), flush=True)
            done = [future.result() for future in futures]
    print("RESULT", json.dumps({"orders_done": len(done)}), flush=True)


if __name__ == "__main__":
    main()
