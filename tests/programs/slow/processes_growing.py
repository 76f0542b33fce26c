"""A command for each request, which hangs, and nobody ends it."""

# /// diag
# verdict = "degraded"
# look_s = 5.0
# [[finding]]
# rule = "process-growth"
# confidence = "likely"
# functions = []
# ///

import os
import subprocess
import time

commands = []


def handle():
    commands.append(subprocess.Popen(["sleep", "60"]))


def main():
    for request in range(90):
        handle()
        time.sleep(0.15)
        if request == 20:
            os.write(1, b"READY %d\n" % os.getpid())
    time.sleep(60)


main()
