"""A report is made by another program, which is waited for before its output is read.

A pipe holds 64 KiB. The program blocks in the write that would exceed it, and its
parent waits for it to end.
"""

import os
import signal
import subprocess
import sys
import threading

LIFE_S = 120  # a hung copy of this script ends by itself
EXPORT = """
import time
for row in range(60):
    print(f"{row}," + "x" * 5_000, flush=True)
    time.sleep(0.01)
"""


def export_report():
    exporter = subprocess.Popen([sys.executable, "-c", EXPORT], stdout=subprocess.PIPE, text=True)
    if exporter.wait() != 0:
        raise RuntimeError("the export failed")
    return exporter.stdout.read()


def main():
    signal.alarm(LIFE_S)
    threading.Timer(2.0, print, ("READY", os.getpid()), {"flush": True}).start()
    print("RESULT", len(export_report().splitlines()), flush=True)


if __name__ == "__main__":
    main()
