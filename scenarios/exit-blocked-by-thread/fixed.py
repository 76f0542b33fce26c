"""The same command tells the mailer that there is no more, and waits for it."""

import json
import os
import queue
import signal
import threading
import time

LIFE_S = 120
ORDERS = 12

outbox = queue.Queue()


def send_mails():
    while outbox.get() is not None:
        time.sleep(0.25)


def main():
    signal.alarm(LIFE_S)
    mailer = threading.Thread(target=send_mails, name="mailer")
    mailer.start()
    threading.Timer(0.2, print, ("READY", os.getpid()), {"flush": True}).start()
    for order in range(ORDERS):
        outbox.put(f"order {order} shipped")
    outbox.put(None)
    mailer.join()
    print("RESULT", json.dumps({"done": ORDERS}), flush=True)


if __name__ == "__main__":
    main()
