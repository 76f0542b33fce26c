"""Each worker reads orders from a pipe of its own until the end of it, which never comes.

A forked worker inherits the write ends of the pipes of the workers before it. When the
parent closes its copy, that of the younger sibling keeps the pipe open.
"""

import ctypes
import multiprocessing
import os
import signal
import threading

LIFE_S = 120  # a hung copy of this script ends by itself
ORDERS = 5
PR_SET_PDEATHSIG = 1


def consume(orders, write_end):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    write_end.close()  # its own copy: else it would keep its own pipe open
    while True:
        try:
            orders.recv()
        except EOFError:
            return


def start_worker(context):
    orders, write_end = context.Pipe(duplex=False)
    worker = context.Process(target=consume, args=(orders, write_end))
    worker.start()
    orders.close()
    return worker, write_end


def main():
    signal.alarm(LIFE_S)
    context = multiprocessing.get_context("fork")
    workers = [start_worker(context) for _ in range(2)]
    threading.Timer(0.7, print, ("READY", os.getpid()), {"flush": True}).start()
    for worker, write_end in workers:
        for order in range(ORDERS):
            write_end.send(order)
        write_end.close()
        worker.join()
    print("RESULT", len(workers), flush=True)


if __name__ == "__main__":
    main()
