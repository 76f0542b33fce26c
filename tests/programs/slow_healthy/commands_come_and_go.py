"""Many commands at a time, each of which ends."""

# /// diag
# verdict = "healthy"
# twin_of = ["process-growth"]
# look_s = 5.0
# ///

import os
import subprocess
import time

commands = []


def main():
    for request in range(10_000):
        commands.append(subprocess.Popen(["sleep", "2"]))
        time.sleep(0.1)
        if request == 30:
            os.write(1, b"READY %d\n" % os.getpid())
        for command in list(commands):
            if command.poll() is not None:
                commands.remove(command)


main()
