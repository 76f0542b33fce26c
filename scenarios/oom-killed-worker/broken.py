"""A report service whose workers read whole exports; one of them is larger than the memory left.

The kernel kills the worker. `--pool` says who notices: `executor` breaks at once with
BrokenProcessPool, all orders lost; `multiprocessing` starts another worker and waits for ever.
"""

import argparse
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from exports import EXPORTS, LIFE_S, read_whole, start_worker

TELLS_S = 3  # it tells those who wait for the reports


def with_executor():
    """Return how many reports were done, and the error."""
    context = multiprocessing.get_context("fork")
    done, error = 0, None
    with ProcessPoolExecutor(2, mp_context=context, initializer=start_worker) as executor:
        futures = [executor.submit(read_whole, mb) for mb in EXPORTS]
        print("READY", os.getpid(), flush=True)
        for future in futures:
            try:
                future.result()
                done += 1
            except BrokenProcessPool as broken:
                error = f"{type(broken).__name__}: {broken}"
    time.sleep(TELLS_S)
    return done, error


def with_pool():
    with multiprocessing.get_context("fork").Pool(2, initializer=start_worker) as pool:
        threading.Timer(4.0, print, ("READY", os.getpid()), {"flush": True}).start()
        return len(pool.map(read_whole, EXPORTS, chunksize=1)), None


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--pool", choices=["executor", "multiprocessing"], default="executor")
    chosen = options.parse_args()
    signal.alarm(LIFE_S)
    done, error = with_executor() if chosen.pool == "executor" else with_pool()
    print("RESULT", json.dumps({"done": done, "of": len(EXPORTS), "error": error}), flush=True)
    sys.exit(1 if error else 0)


if __name__ == "__main__":
    main()
