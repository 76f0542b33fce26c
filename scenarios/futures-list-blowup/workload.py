"""The items, the work on them, and the meter that every variant reports to.

An item is 1 MB of source text that takes a moment to read; its analysis is 2 MB
(syntax tree, findings) and needs 60 MB while it runs. The parent writes each
analysis to the report and needs it no longer.
"""

import ctypes
import json
import os
import resource
import signal
import time

LIFE_S = 120
MB = 1024 * 1024
READ_S = 0.004
WORK_MB = 60
WORKERS = 2
PR_SET_PDEATHSIG = 1


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    with open("/proc/self/oom_score_adj", "w") as score:
        score.write("500")  # without memory the kernel should take a worker, not the parent


def analyse(item):
    """Return (when it started, when it ended, the analysis). Every eighth item is hard."""
    number, text = item
    started = time.monotonic()
    tree = bytearray(WORK_MB * MB)  # zeroed by calloc: no memory yet
    for page in range(0, len(tree), 4096):  # until it is written to
        tree[page] = text[page % len(text)]
    hard_until = started + (0.16 if number % 8 == 0 else 0.04)
    while time.monotonic() < hard_until:
        tree.count(b"x", 0, MB)
    return started, time.monotonic(), bytes(tree[: 2 * MB])


class Meter:
    """Counts what is read, and what is done with the results."""

    def __init__(self, count, ready_after=0.25):
        """Say READY after a part of the items, soon enough for a pool that is about to break."""
        signal.alarm(LIFE_S)
        self.count = count
        self.ready_at = int(count * ready_after)
        self.started = time.monotonic()
        self.items_read = 0
        self.read_before_first_result = None
        self.most_ahead = 0
        self.busy_s = 0.0
        self.first_start = self.last_end = None
        self.done = 0

    def items(self):
        """Yield the items, each read when it is asked for."""
        for number in range(self.count):
            time.sleep(READ_S)
            self.items_read += 1
            self.most_ahead = max(self.most_ahead, self.items_read - self.done)
            yield number, os.urandom(MB)
            if self.items_read == self.ready_at:
                print("READY", os.getpid(), flush=True)

    def write(self, result):
        """Write a result to the report."""
        started, ended, analysis = result
        if self.read_before_first_result is None:
            self.read_before_first_result = self.items_read
        self.done += 1
        self.busy_s += ended - started
        self.first_start = min(started, self.first_start or started)
        self.last_end = max(ended, self.last_end or ended)
        assert len(analysis) == 2 * MB

    def report(self, error=None):
        """Print the RESULT line and return the exit status."""
        elapsed_s = time.monotonic() - self.started
        busy_for_s = WORKERS * (self.last_end - self.first_start) if self.done else 0
        result = {
            "submitted_before_first_result": self.read_before_first_result or self.items_read,
            "most_items_ahead": self.most_ahead,
            "parent_peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "items_done": self.done,
            "items_per_s": round(self.done / elapsed_s, 1),
            "pool_idle_share": round(1 - self.busy_s / busy_for_s, 2) if busy_for_s else None,
            "error": error,
        }
        print("RESULT", json.dumps(result), flush=True)
        return 1 if error else 0
