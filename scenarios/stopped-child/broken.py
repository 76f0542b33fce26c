"""A supervisor pauses its indexer while the backup runs, and the backup fails.

The line that would continue the indexer is never reached.
"""

import ctypes
import multiprocessing
import os
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
PR_SET_PDEATHSIG = 1


def index():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    for _ in range(50):
        time.sleep(0.02)


def back_up():
    raise OSError("no space left on the backup disk")


def back_up_in_peace(indexer):
    os.kill(indexer.pid, signal.SIGSTOP)
    back_up()
    os.kill(indexer.pid, signal.SIGCONT)


def main():
    signal.alarm(LIFE_S)
    indexer = multiprocessing.get_context("fork").Process(target=index, name="indexer")
    indexer.start()
    try:
        back_up_in_peace(indexer)
    except OSError as error:
        print(f"backup failed, next try tomorrow: {error}", flush=True)
    threading.Timer(0.5, print, ("READY", os.getpid()), {"flush": True}).start()
    indexer.join()
    print("RESULT 1", flush=True)


if __name__ == "__main__":
    main()
