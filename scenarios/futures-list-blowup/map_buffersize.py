"""Executor.map(buffersize=) of Python 3.14: the sliding window in one argument."""

import argparse
import sys
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from workload import WORKERS, Meter, analyse, start_worker


def analyse_repository(meter):
    with ProcessPoolExecutor(WORKERS, initializer=start_worker) as executor:
        for result in executor.map(analyse, meter.items(), buffersize=2 * WORKERS):
            meter.write(result)


def main():
    if sys.version_info < (3, 14):
        return "Executor.map(buffersize=) needs Python 3.14"
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
