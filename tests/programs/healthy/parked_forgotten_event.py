"""A thread fails before it sets the Event that the main thread waits for: parked, or forgotten?"""

# /// diag
# verdict = "healthy"
# still = true
# ///

import os
import threading

loaded = threading.Event()


def load():
    os.write(1, b"READY %d\n" % os.getpid())
    raise ValueError("no such file")
    loaded.set()


threading.Thread(target=load).start()
loaded.wait()
