"""Counts in an object that is three steps away."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os


class Counts:
    def __init__(self):
        self.by_kind = {"orders": {"paid": 0}}

    def count(self):
        self.by_kind["orders"]["paid"] += 1


def run(shop):
    while True:
        shop.count()


os.write(1, b"READY %d\n" % os.getpid())
run(Counts())
