"""The same importer hands over a function of the module (or a static method) and what it needs.

`--by function` and `--by static` are the two forms; `--by state` keeps the method and says
what of the object is to travel (`__getstate__`).
"""

import argparse
import json
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor

LIFE_S = 120
LINES = 20
TAKES_S = 0.1


def parse_line(separator, line):
    time.sleep(TAKES_S)
    return line.decode().split(separator)


class Importer:
    """Imports the lines of a file."""

    def __init__(self, path):
        self.separator = ";"
        self.handle = open(path, "rb")  # noqa: SIM115 - closed by run()

    def __getstate__(self):
        return {name: value for name, value in vars(self).items() if name != "handle"}

    def parse(self, line):
        return parse_line(self.separator, line)

    @staticmethod
    def parse_static(separator, line):
        return parse_line(separator, line)

    def run(self, by):
        with self.handle:
            lines = self.handle.readlines()[:LINES]
        with ProcessPoolExecutor(2) as executor:
            if by == "state":
                futures = [executor.submit(self.parse, line) for line in lines]
            else:
                task = parse_line if by == "function" else self.parse_static
                futures = [executor.submit(task, self.separator, line) for line in lines]
            print("READY", os.getpid(), flush=True)
            return [future.result() for future in futures]


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--by", choices=["function", "static", "state"], default="function")
    signal.alarm(LIFE_S)
    parsed = Importer(__file__).run(options.parse_args().by)
    print("RESULT", json.dumps({"done": len(parsed), "error": None}), flush=True)


if __name__ == "__main__":
    main()
