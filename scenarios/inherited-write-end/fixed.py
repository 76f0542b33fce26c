"""The same workers are told the end in so many words, whoever holds the pipe open."""

import ctypes
import json
import multiprocessing
import os
import signal
import threading
import time

LIFE_S = 120
ORDERS = 8
PR_SET_PDEATHSIG = 1


def consume(orders, write_end):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    write_end.close()
    while orders.recv() is not None:
        time.sleep(0.2)


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
    threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
    for worker, write_end in workers:
        for order in range(ORDERS):
            write_end.send(order)
        write_end.send(None)
        write_end.close()
        worker.join()
    print("RESULT", json.dumps({"done": len(workers) * ORDERS}), flush=True)


if __name__ == "__main__":
    main()
