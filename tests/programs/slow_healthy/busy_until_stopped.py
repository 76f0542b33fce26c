"""Counts some attributes away, until it is told to stop."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import threading
from types import SimpleNamespace


def run(shop, stop):
    while not stop.is_set():
        shop.sales.today.paid += 1


os.write(1, b"READY %d\n" % os.getpid())
run(SimpleNamespace(sales=SimpleNamespace(today=SimpleNamespace(paid=0))), threading.Event())
