"""The same server: each worker makes its own pool when it begins."""

import ctypes
import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120
ORDERS = 12
PR_SET_PDEATHSIG = 1


class Mailer:
    """A thread pool that is made anew in every process that uses it."""

    def __init__(self):
        self.start()
        os.register_at_fork(after_in_child=self.start)

    def start(self):
        """Make the pool of this process."""
        self.pool = ThreadPoolExecutor(1, thread_name_prefix="mailer")


mailer = Mailer()


def send_mail(order):
    time.sleep(0.25)
    return f"order {order} shipped"


def handle_order(order):
    return mailer.pool.submit(send_mail, order).result()


def serve():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    for order in range(ORDERS):
        handle_order(order)


def main():
    signal.alarm(LIFE_S)
    handle_order(0)  # a self-test before the workers are started
    worker = os.fork()
    if worker == 0:
        serve()
        os._exit(0)
    threading.Timer(0.2, print, ("READY", os.getpid()), {"flush": True}).start()
    _, status = os.waitpid(worker, 0)
    print("RESULT", json.dumps({"done": ORDERS if status == 0 else 0}), flush=True)


if __name__ == "__main__":
    main()
