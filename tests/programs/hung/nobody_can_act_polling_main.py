"""A party of a Barrier failed; the main thread asks now and then whether the others have ended."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "nobody-can-act"
# confidence = "likely"
# functions = ["phase"]
# ///

import os
import threading
import time

barrier = threading.Barrier(3)


def phase(number):
    if number == 1:
        raise SystemExit
    barrier.wait()


threads = [threading.Thread(target=phase, args=(number,)) for number in range(3)]
for thread in threads:
    thread.start()
threads[1].join()
print("READY", os.getpid(), flush=True)
while any(thread.is_alive() for thread in threads):
    time.sleep(0.1)
