"""Threads have done their work; the main thread is parked until a SIGTERM handler sets its Event."""

# /// diag
# verdict = "healthy"
# still = true
# twin_of = ["nobody-can-act"]
# ///

import os
import signal
import threading


def main():
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    warming = [threading.Thread(target=sum, args=([number],)) for number in range(2)]
    for thread in warming:
        thread.start()
    for thread in warming:
        thread.join()
    os.write(1, b"READY %d\n" % os.getpid())
    stop.wait()


main()
