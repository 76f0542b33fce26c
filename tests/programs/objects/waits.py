"""Threads that wait on every kind of object, each thread named for what it waits on."""

import multiprocessing
import os
import queue
import sys
import threading
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor, as_completed, wait


class Server:
    def __init__(self):
        self.inbox = queue.Queue(5)
        self.outbox = queue.Queue(1)
        self.outbox.put("full")
        self.gate = threading.Lock()
        self.gate.acquire()
        self.ready = self.prepared = threading.Event()

    def get(self):
        def describe():
            return self.inbox  # makes `self` a cell

        self.inbox.get()
        describe()

    def put(self):
        self.outbox.put("more")

    def lock(self):
        with self.gate:
            pass

    def event(self):
        self.ready.wait()


def task(seconds):
    time.sleep(seconds)


def nested():
    submitted.wait()  # else a worker may take the inner task before an outer one
    return threads.submit(task, 1000).result()


def condition():
    with changed:
        changed.wait()


def shared_condition():
    with shared.changed:
        shared.changed.wait()


class Shared:
    def __init__(self, context):
        self.queue = context.Queue(3)
        self.event = context.Event()
        self.changed = context.Condition()
        self.semaphore = context.Semaphore(0)


threads = ThreadPoolExecutor(2)
submitted = threading.Event()
server = Server()
jobs = queue.SimpleQueue()
done = queue.Queue()
done.put("first")
changed = threading.Condition()
arrivals = threading.Barrier(3)


if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    shared = Shared(context)
    processes = ProcessPoolExecutor(2, mp_context=context)
    futures = [processes.submit(task, 1000) for _ in range(5)]
    pool = context.Pool(2)
    result = pool.map_async(task, [1000] * 6, chunksize=1)
    outer = [threads.submit(nested) for _ in range(3)]
    submitted.set()
    waits = {
        "get": server.get,
        "put": server.put,
        "lock": server.lock,
        "event": server.event,
        "condition": condition,
        "barrier": arrivals.wait,
        "simple-queue": lambda: jobs.get(),
        "queue-join": done.join,
        "futures": lambda: list(as_completed(futures)),
        "wait": lambda: wait(outer),
        "future": futures[3].result,
        "pool-result": result.get,
        "shared-queue": shared.queue.get,
        "shared-event": shared.event.wait,
        "shared-condition": shared_condition,
        "shared-semaphore": shared.semaphore.__enter__,
    }
    for name, target in waits.items():
        threading.Thread(target=target, name=name, daemon=True).start()
    time.sleep(1.5)
    print("READY", os.getpid(), flush=True)
    sys.stdin.read()
    os._exit(0)
