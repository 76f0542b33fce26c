"""Popen(stdout=PIPE).wait() on a shell whose child, not Python, fills the pipe."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# confidence = "proven"
# functions = ["export"]
# ///

import os
import subprocess
import threading


def export():
    command = ["sh", "-c", "head -c 1000000 /dev/zero; echo done"]
    exporter = subprocess.Popen(command, stdout=subprocess.PIPE)
    return exporter.wait()


threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
export()
