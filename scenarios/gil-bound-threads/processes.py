"""The same request with the same code, analysed in a ProcessPoolExecutor."""

import argparse
import ctypes
import functools
import signal
from concurrent.futures import ProcessPoolExecutor

from analysis import analyse_file, read_files
from measuring import compare

LIFE_S = 120
PR_SET_PDEATHSIG = 1


def die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=120)
    count = options.parse_args().files
    signal.alarm(LIFE_S)
    pool_class = functools.partial(ProcessPoolExecutor, initializer=die_with_parent)
    compare(analyse_file, read_files(count), pool_class)


if __name__ == "__main__":
    main()
