"""A mapped file fits into the memory of the group."""

# /// diag
# verdict = "healthy"
# limits = {memory_mib = 80}
# twin_of = ["thrashing"]
# ///

import mmap
import os
import random
import tempfile
import time

with tempfile.TemporaryFile(dir="/var/tmp") as file:
    for _ in range(20):
        file.write(os.urandom(1_000_000))
    file.flush()
    table = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        table[random.randrange(len(table))]
        time.sleep(0.001)
