"""The same supervisor continues the indexer in `finally`."""

import contextlib
import ctypes
import json
import multiprocessing
import os
import signal
import threading
import time

LIFE_S = 120
PR_SET_PDEATHSIG = 1


def index():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    for _ in range(150):
        time.sleep(0.02)


def back_up():
    raise OSError("no space left on the backup disk")


@contextlib.contextmanager
def paused(process):
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


def main():
    signal.alarm(LIFE_S)
    indexer = multiprocessing.get_context("fork").Process(target=index, name="indexer")
    indexer.start()
    try:
        with paused(indexer):
            back_up()
    except OSError as error:
        print(f"backup failed, next try tomorrow: {error}", flush=True)
    threading.Timer(0.2, print, ("READY", os.getpid()), {"flush": True}).start()
    indexer.join()
    print("RESULT", json.dumps({"done": 1}), flush=True)


if __name__ == "__main__":
    main()
