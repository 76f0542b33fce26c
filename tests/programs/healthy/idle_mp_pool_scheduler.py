"""An idle multiprocessing.Pool that a sched loop uses once an hour."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os
import sched


def main():
    with multiprocessing.get_context("fork").Pool(2) as pool:
        pool.map(abs, range(20))
        scheduler = sched.scheduler()
        scheduler.enter(3600, 1, pool.map, (abs, range(20)))
        os.write(1, b"READY %d\n" % os.getpid())
        scheduler.run()


main()
