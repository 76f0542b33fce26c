"""A back end takes uploads of 300 files: each is parsed (CPU), then saved (it waits).

serial       one file after the other
threads      eight threads, each doing both for its file
cpu-then-io  processes parse; what they return is saved by threads, each with a connection
"""

import argparse
import ctypes
import json
import os
import signal
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

LIFE_S = 120
FILES = 300
PARSE_CPU_S = 0.025
SAVE_S = 0.025
THREADS = 8
PR_SET_PDEATHSIG = 1

local = threading.local()


def parse(number):
    """Return what is to be saved of a file, after some CPU time."""
    cpu_before = time.thread_time()
    checksum = number
    while time.thread_time() - cpu_before < PARSE_CPU_S:
        for value in range(2000):
            checksum = (checksum * 31 + value) % 1_000_003
    return number, checksum


def save(parsed):
    """Save it over the connection of this thread."""
    if not hasattr(local, "saved"):
        local.saved = []  # stands for a connection of its own
    time.sleep(SAVE_S)
    local.saved.append(parsed)
    return parsed[0]


def serial(files):
    return [save(parse(number)) for number in files]


def threads(files):
    with ThreadPoolExecutor(THREADS) as executor:
        return list(executor.map(lambda number: save(parse(number)), files))


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does


def cpu_then_io(files):
    workers = len(os.sched_getaffinity(0))
    with ProcessPoolExecutor(workers, initializer=start_worker) as cpu:
        parsed = cpu.map(parse, files, chunksize=4)  # before there are threads: a fork is safe
        with ThreadPoolExecutor(THREADS) as io:
            return list(io.map(save, parsed))


def main():
    shapes = {"serial": serial, "threads": threads, "cpu-then-io": cpu_then_io}
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("shape", choices=shapes)
    options.add_argument("--files", type=int, default=FILES)
    chosen = options.parse_args()
    signal.alarm(LIFE_S)
    print("READY", os.getpid(), flush=True)
    started = time.monotonic()
    done = len(shapes[chosen.shape](range(chosen.files)))
    per_s = round(done / (time.monotonic() - started), 1)
    print("RESULT", json.dumps({"done": done, "done_per_s": per_s}), flush=True)


if __name__ == "__main__":
    main()
