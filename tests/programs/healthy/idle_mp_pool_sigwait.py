"""An idle multiprocessing.Pool; the main thread waits for SIGTERM in sigwait."""

# /// diag
# verdict = "healthy"
# ///

import multiprocessing
import os
import signal


def main():
    with multiprocessing.get_context("fork").Pool(3) as pool:
        pool.map(abs, range(20))
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
        os.write(1, b"READY %d\n" % os.getpid())
        signal.sigwait([signal.SIGTERM])


main()
