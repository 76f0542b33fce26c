"""A service opens a file for each request and leaves closing it to luck.

The files are kept alive by the list of finished requests. At the limit, open() fails
wherever it happens to be called: "Too many open files".
"""

import os
import resource
import signal
import time

LIFE_S = 120  # it ends by itself
LIMIT = 256
NEARLY = 240

finished = []


def handle(number):
    template = open(__file__)  # noqa: SIM115 - this is the mistake
    finished.append((number, template))


def serve():
    for number in range(LIMIT):
        handle(number)
        if number == NEARLY:
            print("READY", os.getpid(), flush=True)
            time.sleep(LIFE_S)


def main():
    signal.alarm(LIFE_S)
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    serve()


if __name__ == "__main__":
    main()
