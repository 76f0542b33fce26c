"""A thread asks again and again whether a job is done, and the job has failed silently."""

import contextlib
import os
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself


class Job:
    """A job that says when it is done."""

    def __init__(self):
        self.done = False

    def run(self):
        """Do it; nobody is told if it fails."""
        with contextlib.suppress(OSError):
            time.sleep(0.2)
            os.stat("/no/such/disk")
            self.done = True


def wait_until_done(job):
    while not job.done:
        pass


def main():
    signal.alarm(LIFE_S)
    job = Job()
    threading.Thread(target=job.run, name="job").start()
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    wait_until_done(job)
    print("RESULT 1", flush=True)


if __name__ == "__main__":
    main()
