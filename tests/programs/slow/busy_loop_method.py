"""A loop asks an object of the program whether it is done."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = ["likely", "possible"]
# functions = ["wait_for"]
# ///

import os


class Job:
    done = False

    def is_done(self):
        return self.done


def wait_for(job):
    while not job.is_done():
        pass


os.write(1, b"READY %d\n" % os.getpid())
wait_for(Job())
