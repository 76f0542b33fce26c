"""A main thread that only looks around, beside threads in waits of the kinds that hang."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act", "lock-cycle"]
# ///

import os
import queue
import signal
import threading
import time

jobs, slots, room = queue.Queue(), threading.BoundedSemaphore(2), queue.Queue(1)
wanted, gate = threading.Semaphore(0), threading.Lock()
gate.acquire()


def work():
    while True:
        jobs.get()


def call():
    while True:
        slots.acquire()


def refill():
    while True:
        time.sleep(0.4)
        try:
            slots.release()
        except ValueError:
            continue


def on_request():
    while True:
        wanted.acquire()


def clean_up():
    gate.acquire()


def fill():
    while True:
        room.put("page")


def drain():
    while True:
        room.get()
        time.sleep(0.4)


signal.signal(signal.SIGUSR1, lambda *_: wanted.release())
signal.signal(signal.SIGTERM, lambda *_: gate.release())
for function in (work, call, call, call, refill, on_request, clean_up, fill, drain):
    threading.Thread(target=function, daemon=True).start()
worker = threading.Thread(target=work, daemon=True)
worker.start()
print("READY", os.getpid(), flush=True)
while worker.is_alive():
    worker.join(0.2)
