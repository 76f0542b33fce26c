"""A pre-forking server logs to stderr, and stderr is a pipe to a slow reader.

This is stock `logging.basicConfig()`: what `server 2>&1 | collector` does. The
child inherits the locked buffer of `sys.stderr` from the thread that was writing.
"""

import ctypes
import fcntl
import logging
import os
import select
import signal
import sys
import threading
import time
import warnings

LIFE_S = 120  # a hung copy of this script ends by itself
PR_SET_PDEATHSIG = 1

log = logging.getLogger("shop")
libc = ctypes.CDLL(None)


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
    while os.read(log_fd, 65536):
        pass


def wait_until_full(fd):
    while select.select([], [fd], [], 0)[1]:
        time.sleep(0.01)


def main():
    if os.environ.pop("PYTHONUNBUFFERED", None):  # takes the buffer away, and its lock with it
        os.execv(sys.executable, [sys.executable, *sys.argv])
    signal.alarm(LIFE_S)

    log_fd, stderr_fd = os.pipe()
    fcntl.fcntl(log_fd, getattr(fcntl, "F_SETPIPE_SZ", 1031), 4096)
    os.dup2(stderr_fd, sys.stderr.fileno())
    resume = threading.Event()
    threading.Thread(target=read_log, args=(log_fd, resume), name="log-reader", daemon=True).start()
    logging.basicConfig(level=logging.INFO, format="%(process)d %(message)s")
    threading.Thread(target=chatter, name="chatter", daemon=True).start()
    wait_until_full(sys.stderr.fileno())

    # Since 3.12 fork() warns of threads, on the very stderr that is full.
    warnings.simplefilter("ignore", DeprecationWarning)
    child = os.fork()
    if child == 0:
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
        handle_order(1)
        os._exit(0)
    resume.set()
    time.sleep(0.5)
    print("READY", os.getpid(), flush=True)
    os.waitpid(child, 0)


if __name__ == "__main__":
    main()
