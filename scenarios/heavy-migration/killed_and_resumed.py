"""The migration in clusters is killed by `kill -9` again and again, and goes on where it was."""

import argparse
import json
import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time

from store import LIFE_S, audit, clusters, clusters_left, prepare

CLUSTERS_PY = pathlib.Path(__file__).with_name("clusters.py")
KILLS = 3


def run_until(path, rows, left):
    """Run the migration; kill it once no more than `left` clusters are left to do."""
    words = [sys.executable, CLUSTERS_PY, "process", "--rows", str(rows), "--target", path]
    with subprocess.Popen(words, stdout=subprocess.DEVNULL) as process:
        try:
            while process.poll() is None and len(clusters_left(path, rows)) > left:
                time.sleep(0.02)
        finally:
            if left:
                process.kill()
            process.wait()


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rows", type=int, default=1500)
    rows = options.parse_args().rows
    signal.alarm(LIFE_S)
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/target.db"
        prepare(path)
        print("READY", os.getpid(), flush=True)
        total = len(clusters(rows))
        for kill in range(1, KILLS + 1):
            run_until(path, rows, total - total * kill // (KILLS + 1))
        run_until(path, rows, 0)
        result = {"killed": KILLS, **audit(path, rows)}
    print("RESULT", json.dumps(result), flush=True)
    sys.exit(1 if result["lost"] or result["repeated"] or result["wrong"] else 0)


if __name__ == "__main__":
    main()
