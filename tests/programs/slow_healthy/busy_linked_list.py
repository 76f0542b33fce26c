"""Follows a linked list some attributes away, until it is told to stop."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import threading


class Node:
    pass


def ring(count):
    first = node = Node()
    for _ in range(count):
        node.next = Node()
        node = node.next
    node.next = first
    return first


def run(walk, stop):
    while not stop.is_set():
        walk.place.node = walk.place.node.next


walk = Node()
walk.place = Node()
walk.place.node = ring(5000)
os.write(1, b"READY %d\n" % os.getpid())
run(walk, threading.Event())
