"""One expression finds many matches in the same text again and again: each of them is quick."""

# /// diag
# verdict = "healthy"
# twin_of = ["busy-loop"]
# ///

import os
import re

ADDRESS = re.compile(r"(\w+)@(\w+)\.com")
text = "from orders to a@b.com " * 1000
ADDRESS.findall(text)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    ADDRESS.findall(text)
