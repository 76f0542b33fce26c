"""Light work under a quota that is enough for it."""

# /// diag
# verdict = "healthy"
# alone = true
# limits = {cpu = 0.5}
# twin_of = ["throttled"]
# ///

import os
import time

os.write(1, b"READY %d\n" % os.getpid())
while True:
    sum(range(20_000))
    time.sleep(0.02)
