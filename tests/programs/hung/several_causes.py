"""Three children hang for three reasons; the parent waits for all of them.

In a forked child the ids of threads may be those of the parent's: the owners of the
circle's locks can stay ambiguous, so the general proof is accepted for it.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["debit", "credit"]
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["refresh_cache"]
# [[finding]]
# rule = "stopped-process"
# confidence = ["proven", "likely"]
# functions = []
# ///

import os
import signal
import threading
import time

accounts, ledger, cache = threading.RLock(), threading.RLock(), threading.RLock()
both = threading.Barrier(2)
held = threading.Event()


def debit():
    with accounts:
        both.wait()
        with ledger:
            pass


def credit():
    with ledger:
        both.wait()
        with accounts:
            pass


def pay():
    threads = [threading.Thread(target=work, name=work.__name__) for work in (debit, credit)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def fill_cache():
    with cache:
        held.set()
        time.sleep(3600)


def refresh_cache():
    with cache:
        pass


def start(work):
    child = os.fork()
    if child == 0:
        work()
        os._exit(0)
    return child


def main():
    children = [start(pay), start(lambda: os.kill(os.getpid(), signal.SIGSTOP))]
    threading.Thread(target=fill_cache, name="filler", daemon=True).start()
    held.wait()
    children.append(start(refresh_cache))
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    for child in children:
        os.waitpid(child, 0)


main()
