"""A command does its work, returns from main(), and does not end: a thread is still there.

The interpreter joins every thread that is not a daemon before it exits. The mailer
waits for the next message, and nobody is left to send one.
"""

import os
import queue
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself

outbox = queue.Queue()


def send_mails():
    while True:
        outbox.get()
        time.sleep(0.05)


def main():
    signal.alarm(LIFE_S)
    threading.Thread(target=send_mails, name="mailer").start()
    for order in range(3):
        outbox.put(f"order {order} shipped")
    threading.Timer(0.7, print, ("READY", os.getpid()), {"flush": True}).start()
    print("all orders shipped", flush=True)


if __name__ == "__main__":
    main()
