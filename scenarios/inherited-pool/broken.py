"""A pre-forking server makes a thread pool when it is imported, and its workers use it.

A forked worker inherits the pool as an object, with its count of idle threads, and none
of the threads. What it submits stays in the queue.
"""

import ctypes
import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120  # a hung copy of this script ends by itself
PR_SET_PDEATHSIG = 1

pool = ThreadPoolExecutor(1, thread_name_prefix="mailer")


def send_mail(order):
    return f"order {order} shipped"


def handle_order(order):
    return pool.submit(send_mail, order).result()


def serve(order):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    handle_order(order)


def main():
    signal.alarm(LIFE_S)
    handle_order(0)  # a self-test before the workers are started
    worker = os.fork()
    if worker == 0:
        serve(1)
        os._exit(0)
    threading.Timer(0.7, print, ("READY", os.getpid()), {"flush": True}).start()
    os.waitpid(worker, 0)
    print("RESULT 1", flush=True)


if __name__ == "__main__":
    main()
