"""The same server gives up on a client that is silent for too long."""

import json
import os
import queue
import signal
import threading
import time

LIFE_S = 120
CLIENTS = 60
EVERY_S = 0.08
SILENT_S = 0.3


def talk(messages):
    try:
        while messages.get(timeout=SILENT_S) != "bye":
            pass
    except queue.Empty:
        return


def accept(number):
    messages = queue.Queue()
    threading.Thread(target=talk, args=(messages,), name=f"client-{number}", daemon=True).start()
    messages.put("hello")


def main():
    signal.alarm(LIFE_S)
    print("READY", os.getpid(), flush=True)
    for number in range(CLIENTS):
        accept(number)
        time.sleep(EVERY_S)
    time.sleep(2 * SILENT_S)
    result = {"done": CLIENTS, "threads_left": threading.active_count() - 1}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
