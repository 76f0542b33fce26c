"""Files fill the group's memory, and the kernel can drop them again."""

# /// diag
# verdict = "healthy"
# limits = {memory_mib = 80}
# twin_of = ["memory-limit-near"]
# ///

import os
import tempfile
import time

with tempfile.TemporaryFile(dir="/var/tmp") as file:
    for _ in range(120):
        file.write(b"x" * 1_000_000)
    file.flush()
    os.fsync(file.fileno())
    file.seek(0)
    while file.read(1_000_000):
        pass
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        time.sleep(0.1)
