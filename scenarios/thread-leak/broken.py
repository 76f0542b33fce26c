"""A server starts a thread for each client, and the thread waits for ever for a client gone.

The last message of a client that vanishes never comes, and there is no time-out.
"""

import os
import queue
import signal
import threading
import time

LIFE_S = 120  # it ends by itself
MOST = 300
EVERY_S = 0.1


def talk(messages):
    while messages.get() != "bye":
        pass


def accept(number):
    messages = queue.Queue()
    threading.Thread(target=talk, args=(messages,), name=f"client-{number}", daemon=True).start()
    messages.put("hello")


def serve():
    for number in range(MOST):
        accept(number)
        if number == 45:
            print("READY", os.getpid(), flush=True)
        if number >= 45:
            time.sleep(EVERY_S)
    time.sleep(LIFE_S)


def main():
    signal.alarm(LIFE_S)
    serve()


if __name__ == "__main__":
    main()
