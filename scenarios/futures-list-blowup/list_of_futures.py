"""Every item is submitted at once and every future is kept: what most examples show."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool

from workload import WORKERS, Meter, analyse, start_worker


def analyse_repository(meter):
    with ProcessPoolExecutor(WORKERS, initializer=start_worker) as executor:
        futures = []
        for item in meter.items():
            futures.append(executor.submit(analyse, item))
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
