"""Threads compute under a quota below one CPU: the quota holds them back, not the GIL."""

# /// diag
# verdict = "degraded"
# alone = true
# limits = {cpu = 0.15}
# [[finding]]
# rule = "throttled"
# confidence = "proven"
# functions = ["compute", "main"]
# ///

import os
import threading


def compute():
    while True:
        sum(range(10_000))


def main():
    threads = [threading.Thread(target=compute) for _ in range(3)]
    for thread in threads:
        thread.start()
    os.write(1, b"READY %d\n" % os.getpid())
    for thread in threads:
        thread.join()


main()
