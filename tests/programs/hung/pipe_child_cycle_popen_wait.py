"""Popen(stdout=PIPE).wait(): the child has more to say than the pipe holds."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# confidence = "proven"
# functions = ["convert", "<module>"]
# ///

import os
import subprocess
import sys
import threading


def convert():
    command = [sys.executable, "-c", "print('row ' * 100_000)"]
    converter = subprocess.Popen(command, stdout=subprocess.PIPE)
    return converter.wait()


threading.Timer(0.8, os.write, (1, b"READY %d\n" % os.getpid())).start()
convert()
