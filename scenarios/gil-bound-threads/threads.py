"""A request with many files, analysed in a ThreadPoolExecutor: pure Python, CPU-heavy."""

import argparse
import signal
from concurrent.futures import ThreadPoolExecutor

from analysis import analyse_file, read_files
from measuring import compare

LIFE_S = 120


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=120)
    count = options.parse_args().files
    signal.alarm(LIFE_S)
    compare(analyse_file, read_files(count), ThreadPoolExecutor)


if __name__ == "__main__":
    main()
