"""A mapped file is twice as large as the memory that the group may use."""

# /// diag
# verdict = "degraded"
# limits = {memory_mib = 40}
# [[finding]]
# rule = "thrashing"
# confidence = "proven"
# functions = ["look_up", "main"]
# ///

import mmap
import os
import random
import tempfile


def look_up(table):
    return table[random.randrange(len(table))]


def main():
    with tempfile.TemporaryFile(dir="/var/tmp") as file:
        for _ in range(90):
            file.write(os.urandom(1_000_000))
        file.flush()
        os.fsync(file.fileno())
        table = mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ)
        table.madvise(mmap.MADV_RANDOM)
        for _ in range(2_000):
            look_up(table)
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            look_up(table)


main()
