"""The orders, the work on one, and the poisonous one among them.

Order 7 crashes the native library that renders it: the worker dies by SIGSEGV, every time.
Its neighbours are slow and, as a good service does, finish what they have begun on SIGTERM.
"""

import ctypes
import multiprocessing
import os
import signal
import time
from concurrent.futures import ProcessPoolExecutor

LIFE_S = 120  # a copy of this script that never ends ends by itself
ORDERS = 24
POISON = 7
RENDER_S = 0.6
WORKERS = 2
PR_SET_PDEATHSIG = 1

working, finishing = [], []  # of a worker: the order under way; whether it is the last


def start_worker():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    signal.signal(signal.SIGTERM, finish)


def finish(*_):
    """End at once if idle, else after the order. One that ignored it would stay for ever."""
    if working:
        finishing.append(True)
    else:
        os._exit(0)


def render(order):
    if order == POISON:
        signal.signal(signal.SIGSEGV, signal.SIG_DFL)
        os.kill(os.getpid(), signal.SIGSEGV)  # what a null pointer in native code does
    working.append(order)
    time.sleep(RENDER_S)
    if finishing:
        os._exit(0)
    working.clear()
    return f"invoice {order}"


def new_pool():
    context = multiprocessing.get_context("fork")
    return ProcessPoolExecutor(WORKERS, mp_context=context, initializer=start_worker)
