"""The same schedulers reserve in one order and wait for what they need: nobody gives back."""

import json
import os
import signal
import threading
import time

LIFE_S = 120
DELIVERIES = 12
STEP_S = 0.12

van, driver = threading.Lock(), threading.Lock()


def deliver():
    for _ in range(DELIVERIES):
        with van, driver:
            time.sleep(STEP_S)  # the reservation is written down


def main():
    signal.alarm(LIFE_S)
    schedulers = [threading.Thread(target=deliver, name=name) for name in ("north", "south")]
    for scheduler in schedulers:
        scheduler.start()
    threading.Timer(0.2, print, ("READY", os.getpid()), {"flush": True}).start()
    for scheduler in schedulers:
        scheduler.join()
    print("RESULT", json.dumps({"done": 2 * DELIVERIES}), flush=True)


if __name__ == "__main__":
    main()
