"""The same service collects the children that have ended each time it starts one."""

import json
import os
import signal
import time

LIFE_S = 120
UPLOADS = 40
EVERY_S = 0.1


def convert(number):
    child = os.fork()
    if child == 0:
        os._exit(number % 2)
    return child


def collect(children):
    """Return the children that are still running."""
    return [child for child in children if os.waitpid(child, os.WNOHANG) == (0, 0)]


def main():
    signal.alarm(LIFE_S)
    children = []
    for number in range(UPLOADS):
        children = [*collect(children), convert(number)]
        time.sleep(EVERY_S)
        if number == 2:
            print("READY", os.getpid(), flush=True)
    while children:
        children = collect(children)
        time.sleep(0.01)
    print("RESULT", json.dumps({"done": UPLOADS}), flush=True)


if __name__ == "__main__":
    main()
