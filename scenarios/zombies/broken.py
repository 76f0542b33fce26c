"""A service starts a converter for each upload and never asks what became of it.

A child that has ended keeps its pid until its parent asks for its exit status.
"""

import os
import signal
import time

LIFE_S = 120  # it ends by itself
MOST = 200
EVERY_S = 0.1


def convert(number):
    child = os.fork()
    if child == 0:
        os._exit(number % 2)
    return child


def serve():
    for number in range(MOST):
        convert(number)
        time.sleep(EVERY_S)
        if number == 35:  # half a minute of it, sped up
            print("READY", os.getpid(), flush=True)
    time.sleep(LIFE_S)


def main():
    signal.alarm(LIFE_S)
    serve()


if __name__ == "__main__":
    main()
