"""Threads that wait for work or for the end, and a main thread that sleeps until a signal comes."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import concurrent.futures
import os
import queue
import signal
import threading
import time

jobs, wanted, gate = queue.Queue(), threading.Semaphore(0), threading.Lock()
end = concurrent.futures.Future()
gate.acquire()


def work():
    while True:
        jobs.get()


def on_request():
    while True:
        wanted.acquire()


def clean_up():
    gate.acquire()


def serve():
    end.result()


signal.signal(signal.SIGUSR1, lambda *_: wanted.release())
signal.signal(signal.SIGTERM, lambda *_: gate.release())
for function in (work, on_request, clean_up, serve):
    threading.Thread(target=function, daemon=True).start()
print("READY", os.getpid(), flush=True)
try:
    while True:
        time.sleep(0.2)
except KeyboardInterrupt:
    end.set_result(None)
