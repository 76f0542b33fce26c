"""The same two processes under flock(2): the kernel releases it with its holder.

The index is written beside the old one and renamed, so a killed writer leaves no half.
"""

import ctypes
import fcntl
import json
import multiprocessing
import os
import signal
import tempfile
import threading
import time

LIFE_S = 120
ROWS = 10
PR_SET_PDEATHSIG = 1


def rewrite_index(path):
    with open(path + ".lock", "w") as lock, open(path + ".new", "w") as index:
        fcntl.flock(lock, fcntl.LOCK_EX)
        index.write("half of the ")
        os.kill(os.getpid(), signal.SIGKILL)  # what the kernel does when memory is out


def append_rows(path):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    for _ in range(ROWS):
        with open(path + ".lock", "w") as lock, open(path, "a") as index:
            fcntl.flock(lock, fcntl.LOCK_EX)
            time.sleep(0.15)
            index.write("row\n")


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "index")
        writer = context.Process(target=rewrite_index, args=(path,))
        writer.start()
        writer.join()
        appenders = [context.Process(target=append_rows, args=(path,)) for _ in range(2)]
        for appender in appenders:
            appender.start()
        threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
        for appender in appenders:
            appender.join()
        with open(path) as index:
            done = len(index.readlines())
    print("RESULT", json.dumps({"done": done}), flush=True)


if __name__ == "__main__":
    main()
