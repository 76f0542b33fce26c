"""Parent and filter both write: each waits until the other reads."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["compress"]
# ///

import os
import subprocess
import threading


def compress(data):
    packer = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    packer.stdin.write(data)
    packer.stdin.close()
    return packer.stdout.read()


threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
compress(b"x" * 1_000_000)
