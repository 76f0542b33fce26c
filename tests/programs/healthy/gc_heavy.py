"""A program that spends its time in garbage collection."""

# /// diag
# verdict = "healthy"
# ///

import gc
import os


class Node:
    pass


kept = []
for _ in range(100_000):
    node = Node()
    node.me = node
    kept.append(node)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    gc.collect()
