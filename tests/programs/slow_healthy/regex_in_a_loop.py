"""Lines that are all the same are matched one by one: each match is quick."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import re

ORDER = re.compile(r"(\d+)-(\w+)")


def count(lines):
    while True:
        for line in lines:
            ORDER.match(line)


os.write(1, b"READY %d\n" % os.getpid())
count(["12-ab"] * 1000)
