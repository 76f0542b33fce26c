"""One worker of a pool ends in the middle of a map(); the program's other threads go on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lost-task"
# confidence = "likely"
# functions = ["main"]
# ///

import multiprocessing
import os
import threading
import time


def parse(page):
    if page == 5:
        os._exit(3)
    return page


def heartbeat():
    while True:
        time.sleep(0.05)


def main():
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        threading.Thread(target=heartbeat, daemon=True).start()
        threading.Timer(2.0, os.write, (1, b"READY %d\n" % os.getpid())).start()
        print(pool.map(parse, range(12), chunksize=1))


if __name__ == "__main__":
    main()
