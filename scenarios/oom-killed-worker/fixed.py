"""The same service with its memory bounded.

`--by chunks`: no export is ever in memory as a whole. `--by rlimit`: each worker may have so much
address space; the export that is too large raises MemoryError, which is an answer like any other.
"""

import argparse
import json
import multiprocessing
import os
import resource
import signal
from concurrent.futures import ProcessPoolExecutor

from exports import EXPORTS, LIFE_S, MB, read_in_chunks, read_whole, start_worker

ROOM_MB = 60  # for a worker beyond what it has when it starts


def start_limited_worker():
    start_worker()
    with open("/proc/self/statm") as statm:
        in_use = int(statm.read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (in_use + ROOM_MB * MB, resource.RLIM_INFINITY))


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--by", choices=["chunks", "rlimit"], default="chunks")
    by_chunks = options.parse_args().by == "chunks"
    signal.alarm(LIFE_S)
    read = read_in_chunks if by_chunks else read_whole
    done, too_large = 0, 0
    with ProcessPoolExecutor(
        2,
        mp_context=multiprocessing.get_context("fork"),
        initializer=start_worker if by_chunks else start_limited_worker,
    ) as executor:
        futures = [executor.submit(read, mb) for mb in EXPORTS]
        print("READY", os.getpid(), flush=True)
        for future in futures:
            try:
                future.result()
                done += 1
            except MemoryError:
                too_large += 1
    result = {"done": done, "of": len(EXPORTS), "set_aside": too_large}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
