"""A control: threads that hash large buffers. The hash is computed without the GIL."""

import argparse
import hashlib
import signal
from concurrent.futures import ThreadPoolExecutor

from measuring import compare

LIFE_S = 120
BUFFER = bytes(range(256)) * 4096 * 8  # 8 MB


def fingerprint(rounds):
    digest = hashlib.sha512()
    for _ in range(rounds):
        digest.update(BUFFER)  # releases the GIL for anything over 2047 bytes
    return digest.hexdigest()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=60)
    count = options.parse_args().files
    signal.alarm(LIFE_S)
    compare(fingerprint, [4] * count, ThreadPoolExecutor)


if __name__ == "__main__":
    main()
