"""Counts in an attribute of an object."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os


class Job:
    steps = 0

    def run(self):
        while True:
            self.steps += 1


os.write(1, b"READY %d\n" % os.getpid())
Job().run()
