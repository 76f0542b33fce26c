"""A forked child submits to the thread pool it inherited: none of its threads came along."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["handle"]
# ///

import os
import threading
from concurrent.futures import ThreadPoolExecutor

pool = ThreadPoolExecutor(1)


def handle():
    return pool.submit(sum, [1, 2]).result()


def main():
    handle()
    child = os.fork()
    if child == 0:
        handle()
        os._exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
