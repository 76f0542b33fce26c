"""Two schedulers reserve a van and a driver, and each gives back what it has when it fails.

Both try again at the next tick of the same clock, so both always have one half of what
the other needs. Everything moves, and nothing is ever delivered.
"""

import os
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
TICK_S = 0.2
STEP_S = 0.06

van, driver = threading.Lock(), threading.Lock()


def next_tick():
    time.sleep(TICK_S - time.time() % TICK_S)


def deliver(first, second):
    while True:
        next_tick()
        with first:
            time.sleep(STEP_S)  # the reservation is written down
            if second.acquire(blocking=False):
                second.release()
                return
            time.sleep(STEP_S)  # and undone


def main():
    signal.alarm(LIFE_S)
    schedulers = [
        threading.Thread(target=deliver, args=(van, driver), name="north"),
        threading.Thread(target=deliver, args=(driver, van), name="south"),
    ]
    for scheduler in schedulers:
        scheduler.start()
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    for scheduler in schedulers:
        scheduler.join()
    print("RESULT", len(schedulers), flush=True)


if __name__ == "__main__":
    main()
