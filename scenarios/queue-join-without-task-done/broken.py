"""An import hands rows to threads and joins the queue; a bad row is logged and skipped.

`continue` skips task_done() as well. join() waits for a count that never gets to zero.
"""

import os
import queue
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself

rows = queue.Queue()


def save(row):
    time.sleep(0.02)
    return int(row)


def work():
    while True:
        row = rows.get()
        try:
            save(row)
        except ValueError:
            print(f"bad row: {row!r}", flush=True)
            continue
        rows.task_done()


def import_rows(lines):
    for _ in range(2):
        threading.Thread(target=work, name="importer", daemon=True).start()
    for line in lines:
        rows.put(line)
    rows.join()


def main():
    signal.alarm(LIFE_S)
    threading.Timer(0.7, print, ("READY", os.getpid()), {"flush": True}).start()
    import_rows(["1", "2", "three", "4", "5"])
    print("RESULT 5", flush=True)


if __name__ == "__main__":
    main()
