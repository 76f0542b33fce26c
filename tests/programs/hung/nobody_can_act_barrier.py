"""A barrier of three; only two ever come."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["phase"]
# ///

import os
import threading

barrier = threading.Barrier(3)


def phase():
    barrier.wait()


threads = [threading.Thread(target=phase) for _ in range(2)]
for thread in threads:
    thread.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
