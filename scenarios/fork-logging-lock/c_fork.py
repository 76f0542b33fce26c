"""The historical bug: a library forks in C, where Python repairs nothing in the child.

Up to Python 3.6 every fork was like this one. Today only forks that bypass `os.fork`
are: the lock of a stock handler is copied while another thread holds it.
"""

import ctypes
import logging
import os
import signal
import tempfile
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
PR_SET_PDEATHSIG = 1
WRITE_S = 1.0

log = logging.getLogger("shop")
libc = ctypes.PyDLL(None)  # calls C functions and keeps the interpreter lock meanwhile


class SlowDiskHandler(logging.FileHandler):
    """A stock file handler on a disk that takes its time."""

    def emit(self, record):
        """Write the record; a big one takes long."""
        super().emit(record)
        if record.levelno >= logging.ERROR:
            time.sleep(WRITE_S)


def handle_order(order):
    log.info("order %d: started", order)


def chatter():
    log.error("catalogue reloaded")
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
        handler = SlowDiskHandler(os.path.join(folder, "shop.log"))
        log.addHandler(handler)
        threading.Thread(target=chatter, name="chatter", daemon=True).start()
        wait_until_held(handler.lock)

        child = libc.fork()
        if child == 0:
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
            handle_order(1)
            os._exit(0)
        time.sleep(WRITE_S + 0.3)  # until the parent's thread has let go
        print("READY", os.getpid(), flush=True)
        os.waitpid(child, 0)


if __name__ == "__main__":
    main()
