"""A cache fills up and stays as it is."""

# /// diag
# verdict = "healthy"
# look_s = 5.0
# limits = {memory_mib = 500}
# twin_of = ["memory-growth"]
# ///

import collections
import os
import time

os.write(1, b"READY %d\n" % os.getpid())
cache = collections.deque(maxlen=60)
while True:
    cache.append(b"x" * 1_000_000)
    time.sleep(0.03)
