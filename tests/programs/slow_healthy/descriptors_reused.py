"""Many descriptors are open, and closed again after use."""

# /// diag
# verdict = "healthy"
# look_s = 4.0
# twin_of = ["descriptor-exhaustion"]
# ///

import os
import resource
import time

resource.setrlimit(resource.RLIMIT_NOFILE, (200, 200))
os.write(1, b"READY %d\n" % os.getpid())
while True:
    files = []
    for _ in range(150):
        files.append(open(__file__))
        time.sleep(0.01)
    for file in files:
        file.close()
