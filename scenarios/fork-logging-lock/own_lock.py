"""Two handlers share one file and, by overriding createLock(), one lock.

`logging` makes new locks in a forked child for the handlers whose locks it made
itself (3.9 and later). This lock it does not know, so the child inherits it locked.
"""

import ctypes
import logging
import multiprocessing
import os
import signal
import tempfile
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
ARCHIVE_S = 1.0
PR_SET_PDEATHSIG = 1

log = logging.getLogger("shop")
file_lock = threading.RLock()


class SharedFileHandler(logging.FileHandler):
    """A handler that takes turns with the other handlers of the same file."""

    def createLock(self):  # noqa: N802 - the name is logging's
        """Use the lock of the file instead of a new one."""
        self.lock = file_lock

    def emit(self, record):
        """Write the record; after an error, archive the file first."""
        if record.levelno >= logging.ERROR:
            time.sleep(ARCHIVE_S)  # the old file is compressed and archived here
        super().emit(record)


def handle_order(order):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    log.info("order %d: started", order)


def chatter():
    log.error("disk quota reached, archiving")
    while True:
        log.info("still here")
        time.sleep(0.5)


def wait_until_held(lock):
    while lock.acquire(blocking=False):
        lock.release()
        time.sleep(0.01)


def main():
    signal.alarm(LIFE_S)
    log.setLevel(logging.INFO)
    with tempfile.TemporaryDirectory() as folder:
        log.addHandler(SharedFileHandler(os.path.join(folder, "shop.log")))
        log.addHandler(SharedFileHandler(os.path.join(folder, "shop.log")))
        threading.Thread(target=chatter, name="chatter", daemon=True).start()
        wait_until_held(file_lock)

        worker = multiprocessing.get_context("fork").Process(target=handle_order, args=(1,))
        worker.start()
        worker.join(timeout=2 * ARCHIVE_S + 0.3)  # until the parent's thread has let go
        print("READY", os.getpid(), flush=True)
        worker.join()


if __name__ == "__main__":
    main()
