"""Two processes share a file under a multiprocessing.Lock, and one of them is killed inside.

The lock is a semaphore in shared memory. The kernel does not know who holds it, so it
does not give it back when its holder dies.
"""

import ctypes
import multiprocessing
import os
import signal
import tempfile
import threading

LIFE_S = 120  # a hung copy of this script ends by itself
PR_SET_PDEATHSIG = 1


def rewrite_index(lock, path):
    with lock, open(path, "w") as index:
        index.write("half of the ")
        os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does when memory is out


def append_row(lock, path):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    with lock, open(path, "a") as index:
        index.write("row\n")


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    lock = context.Lock()
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "index")
        writer = context.Process(target=rewrite_index, args=(lock, path))
        writer.start()
        writer.join()
        appender = context.Process(target=append_row, args=(lock, path))
        appender.start()
        threading.Timer(0.7, print, ("READY", os.getpid()), {"flush": True}).start()
        appender.join()
    print("RESULT 1", flush=True)


if __name__ == "__main__":
    main()
