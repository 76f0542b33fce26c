"""A service that takes uploads: a request holds a temporary file while it is read from the net.

300 requests arrive at once; the process may have 256 descriptors open (often it is 1024, and
1100 requests). `--at-once N` bounds how many are worked on together, the rest waits its turn.
"""

import argparse
import errno
import json
import os
import resource
import signal
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120
LIMIT = 256
REQUESTS = 300
BURSTS = 4
CHUNKS = 8
CHUNK_S = 0.2


class Service:
    """Counts what becomes of the requests."""

    def __init__(self):
        self.done = self.failed = 0
        self.counting = threading.Lock()

    def handle(self, number):
        try:
            with tempfile.TemporaryFile() as upload:
                self.receive(upload, number)
        except OSError as error:
            if error.errno != errno.EMFILE:
                raise
            with self.counting:
                self.failed += 1

    def receive(self, upload, number):
        for _ in range(CHUNKS):
            time.sleep(CHUNK_S)
            upload.write(b"%d" % number)
        with self.counting:
            self.done += 1


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--at-once", type=int, default=REQUESTS)
    options.add_argument("--bursts", type=int, default=BURSTS)
    chosen = options.parse_args()
    signal.alarm(LIFE_S)
    resource.setrlimit(resource.RLIMIT_NOFILE, (LIMIT, LIMIT))
    service = Service()
    with ThreadPoolExecutor(chosen.at_once) as executor:
        for burst in range(chosen.bursts):
            futures = [executor.submit(service.handle, number) for number in range(REQUESTS)]
            if burst == 0:
                time.sleep(CHUNK_S)
                print("READY", os.getpid(), flush=True)
            for future in futures:
                future.result()
    result = {"done": service.done, "failed": service.failed, "of": chosen.bursts * REQUESTS}
    print("RESULT", json.dumps(result), flush=True)
    sys.exit(1 if service.failed else 0)


if __name__ == "__main__":
    main()
