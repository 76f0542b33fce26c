"""The article's first fix: ten items at a time, the next ten when all are done."""

import argparse
import itertools
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from workload import WORKERS, Meter, analyse, start_worker

BATCH = 10


def analyse_repository(meter):
    items = meter.items()
    with ProcessPoolExecutor(WORKERS, initializer=start_worker) as executor:
        while batch := list(itertools.islice(items, BATCH)):
            futures = [executor.submit(analyse, item) for item in batch]
            for future in as_completed(futures):
                meter.write(future.result())


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
