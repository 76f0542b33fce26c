"""A request left a lock locked as it failed; all later ones wait, and the main thread sleeps on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "nobody-can-act"
# confidence = "likely"
# functions = ["handle"]
# ///

import os
import signal
import threading
import time

accounts = threading.Lock()


def fail():
    accounts.acquire()
    raise SystemExit


def handle():
    with accounts:
        pass


signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
first = threading.Thread(target=fail)
first.start()
first.join()
for _ in range(3):
    threading.Thread(target=handle, daemon=True).start()
print("READY", os.getpid(), flush=True)
try:
    while True:
        time.sleep(0.2)
except KeyboardInterrupt:
    print("bye")
