"""Two threads take two plain Locks in opposite order, by `with`.

A plain lock records no owner: the holder is known from the value stack only, so
the general proof is accepted too.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["debit", "credit"]
# ///

import os
import threading

accounts, ledger = threading.Lock(), threading.Lock()
both = threading.Barrier(2)


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


threads = [threading.Thread(target=work, name=work.__name__) for work in (debit, credit)]
for thread in threads:
    thread.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
for thread in threads:
    thread.join()
