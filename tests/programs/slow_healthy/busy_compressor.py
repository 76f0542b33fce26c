"""Feeds one and the same block to a compressor."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["busy-loop"]
# ///

import os
import zlib


def run():
    compressor, block = zlib.compressobj(), os.urandom(200)
    while True:
        compressor.compress(block)


os.write(1, b"READY %d\n" % os.getpid())
run()
