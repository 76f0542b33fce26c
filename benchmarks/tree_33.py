"""The benchmark's target: 33 Python processes of four threads each, all idle.

A parent and 32 forked workers; each has three threads that wait on a queue, and
its main thread waits for a child or on a lock. Prints `READY <pid>`.
"""

import os
import queue
import threading
import time

WORKERS = 32
THREADS = 3


def start_threads() -> None:
    """Start the threads that wait, each on a queue of its own."""
    for number in range(THREADS):
        jobs: queue.Queue[None] = queue.Queue()
        threading.Thread(target=jobs.get, name=f"worker-{number}", daemon=True).start()


def main() -> None:
    """Fork the workers and wait for them."""
    ready_read, ready_write = os.pipe()
    workers = []
    for _ in range(WORKERS):
        worker = os.fork()
        if worker == 0:
            start_threads()
            os.write(ready_write, b"x")
            time.sleep(3600)
        workers.append(worker)
    start_threads()
    heard = 0
    while heard < WORKERS:
        heard += len(os.read(ready_read, WORKERS))
    print(f"READY {os.getpid()}", flush=True)
    for worker in workers:
        os.waitpid(worker, 0)


if __name__ == "__main__":
    main()
