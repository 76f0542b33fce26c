"""A new item is submitted when a result comes back: never more than a few are under way."""

import argparse
import sys
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool

from workload import WORKERS, Meter, analyse, start_worker

WINDOW = 2 * WORKERS


def analyse_repository(meter):
    with ProcessPoolExecutor(WORKERS, initializer=start_worker) as executor:
        pending = set()
        for item in meter.items():
            pending.add(executor.submit(analyse, item))
            if len(pending) >= WINDOW:
                done, pending = wait(pending, return_when=FIRST_COMPLETED)
                write_all(meter, done)
        write_all(meter, wait(pending).done)


def write_all(meter, futures):
    while futures:
        meter.write(futures.pop().result())


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=60)
    meter = Meter(options.parse_args().items)
    try:
        analyse_repository(meter)
    except BrokenProcessPool as error:
        return meter.report(error=f"BrokenProcessPool: {error}")
    return meter.report()


if __name__ == "__main__":
    sys.exit(main())
