"""A loop asks for a flag that nobody sets."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = "likely"
# functions = ["wait"]
# ///

import os


class Job:
    done = False

    def wait(self):
        os.write(1, b"READY %d\n" % os.getpid())
        while not self.done:
            pass


Job().wait()
