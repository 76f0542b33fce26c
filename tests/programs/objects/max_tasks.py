"""An executor that is left without a worker while it has tasks (cpython#115634)."""

import multiprocessing
import os
import threading
import time
from concurrent.futures import ProcessPoolExecutor


def heartbeat():
    while True:
        time.sleep(0.05)


def main():
    threading.Thread(target=heartbeat, daemon=True).start()
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(1, mp_context=context, max_tasks_per_child=2) as pool:
        tasks = [pool.submit(abs, number) for number in range(3)]
        tasks[1].result()
        threading.Timer(2.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
        tasks[2].result()
    os._exit(0)


if __name__ == "__main__":
    main()
