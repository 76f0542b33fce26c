"""The same report: communicate() reads while it waits."""

import json
import os
import signal
import subprocess
import sys
import threading

LIFE_S = 120
EXPORT = """
import time
for row in range(60):
    print(f"{row}," + "x" * 5_000, flush=True)
    time.sleep(0.05)
"""


def export_report():
    with subprocess.Popen(
        [sys.executable, "-c", EXPORT], stdout=subprocess.PIPE, text=True
    ) as exporter:
        output, _ = exporter.communicate()
    if exporter.returncode != 0:
        raise RuntimeError("the export failed")
    return output


def main():
    signal.alarm(LIFE_S)
    threading.Timer(0.5, print, ("READY", os.getpid()), {"flush": True}).start()
    print("RESULT", json.dumps({"done": len(export_report().splitlines())}), flush=True)


if __name__ == "__main__":
    main()
