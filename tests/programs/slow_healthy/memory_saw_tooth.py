"""Memory is taken and given back, chunk by chunk."""

# /// diag
# verdict = "healthy"
# look_s = 5.0
# limits = {memory_mib = 500}
# twin_of = ["memory-growth"]
# ///

import os
import time

os.write(1, b"READY %d\n" % os.getpid())
while True:
    rows = []
    for _ in range(30):
        rows.append(b"x" * 1_000_000)
        time.sleep(0.03)
