"""A child is started for each job, and collected with the next."""

# /// diag
# verdict = "healthy"
# twin_of = ["zombies"]
# ///

import os
import subprocess
import time

for _ in range(5):
    subprocess.Popen(["true"])
os.write(1, b"READY %d\n" % os.getpid())
while True:
    subprocess.Popen(["true"])
    time.sleep(0.1)
