"""Turns a text round, some attributes away, until it is told to stop."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import threading


class Part:
    pass


def run(page, stop):
    while not stop.is_set():
        page.body.line.text = page.body.line.text[1:] + page.body.line.text[0]


page = Part()
page.body = Part()
page.body.line = Part()
page.body.line.text = "abcdefghijklmnopqrstuvwxyz"
os.write(1, b"READY %d\n" % os.getpid())
run(page, threading.Event())
