"""Five threads take two locks each, by acquire(), around a table; nobody else is left."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["eat"]
# ///

import os
import threading

forks = [threading.Lock() for _ in range(5)]
seated = threading.Barrier(5)


def eat(seat):
    left, right = forks[seat], forks[(seat + 1) % 5]
    left.acquire()
    seated.wait()
    right.acquire()
    right.release()
    left.release()


guests = [threading.Thread(target=eat, args=(seat,)) for seat in range(5)]
for guest in guests:
    guest.start()
print("READY", os.getpid(), flush=True)
for guest in guests:
    guest.join()
