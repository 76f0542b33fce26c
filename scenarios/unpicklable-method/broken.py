"""An importer hands its own method to a process pool, and with it itself - its open file included.

A bound method is pickled as (object, name): the whole object goes along. The error names the type
that cannot be pickled, not where it is; `whatdrags.py` finds that.
"""

import json
import os
import signal
import sys
from concurrent.futures import ProcessPoolExecutor

from whatdrags import culprits

LIFE_S = 120


class Importer:
    """Imports the lines of a file."""

    def __init__(self, path):
        self.path = path
        handle = open(path, "rb")  # noqa: SIM115 - open for as long as the importer is
        self.settings = {"separator": ";", "source": {"name": path, "handle": handle}}

    def parse(self, line):
        return line.decode().split(self.settings["separator"])

    def run(self):
        lines = self.settings["source"]["handle"].readlines()[:20]
        with ProcessPoolExecutor(2) as executor:
            futures = [executor.submit(self.parse, line) for line in lines]
            return [future.result() for future in futures]


def main():
    signal.alarm(LIFE_S)
    importer = Importer(__file__)
    print("READY", os.getpid(), flush=True)
    error = None
    try:
        importer.run()
    except TypeError as failed:
        error = str(failed)
    dragged = [where for where, _ in culprits(importer.parse)]
    result = {"done": 0 if error else 20, "error": error, "dragged_along": dragged}
    print("RESULT", json.dumps(result), flush=True)
    sys.exit(1 if error else 0)


if __name__ == "__main__":
    main()
