"""Three threads, each with one RLock of three, each waiting for the next one's."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["transfer"]
# ///

import os
import threading

locks = [threading.RLock() for _ in range(3)]
everyone = threading.Barrier(3)


def transfer(source):
    with locks[source]:
        everyone.wait()
        with locks[(source + 1) % 3]:
            pass


threads = [threading.Thread(target=transfer, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
