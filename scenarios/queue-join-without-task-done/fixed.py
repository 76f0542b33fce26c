"""The same import: task_done() stands in `finally`, so every row is counted down."""

import json
import os
import queue
import signal
import threading
import time

LIFE_S = 120
ROWS = 40

rows = queue.Queue()


def save(row):
    time.sleep(0.15)
    return int(row)


def work():
    while True:
        row = rows.get()
        try:
            save(row)
        except ValueError:
            print(f"bad row: {row!r}", flush=True)
        finally:
            rows.task_done()


def import_rows(lines):
    for _ in range(2):
        threading.Thread(target=work, name="importer", daemon=True).start()
    for line in lines:
        rows.put(line)
    rows.join()


def main():
    signal.alarm(LIFE_S)
    threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
    import_rows(["three", *map(str, range(ROWS - 1))])
    print("RESULT", json.dumps({"done": ROWS}), flush=True)


if __name__ == "__main__":
    main()
