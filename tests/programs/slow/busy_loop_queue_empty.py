"""A loop asks an empty queue whether it is."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = ["likely", "possible"]
# functions = ["wait_for_job"]
# ///

import os
import queue


def wait_for_job(jobs):
    while jobs.empty():
        pass
    return jobs.get()


os.write(1, b"READY %d\n" % os.getpid())
wait_for_job(queue.Queue())
