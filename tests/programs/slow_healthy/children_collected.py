"""A child is started for each job, and collected with the next; every second one fails."""

# /// diag
# verdict = "healthy"
# twin_of = ["zombies", "pool-recreated"]
# ///

import os
import subprocess
import time

for _ in range(5):
    subprocess.Popen(["true"])
os.write(1, b"READY %d\n" % os.getpid())
while True:
    for command in ("true", "false"):
        subprocess.Popen([command])
        time.sleep(0.2)
