"""The article's second fix: a generator of futures, submitted "only when there is room".

as_completed() begins with set(fs), which asks the generator for everything.
"""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from workload import WORKERS, Meter, analyse, start_worker


def analyse_repository(meter):
    with ProcessPoolExecutor(WORKERS, initializer=start_worker) as executor:
        futures = (executor.submit(analyse, item) for item in meter.items())
        for future in as_completed(futures):
            meter.write(future.result())


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--items", type=int, default=60)
    meter = Meter(options.parse_args().items, ready_after=0.75)
    try:
        analyse_repository(meter)
    except BrokenProcessPool as error:
        return meter.report(error=f"BrokenProcessPool: {error}")
    return meter.report()


if __name__ == "__main__":
    sys.exit(main())
