"""The parent reads stdout to its end; the child is stuck on a stderr that nobody reads."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "pipe-child-cycle"
# confidence = "proven"
# functions = ["render", "<module>"]
# ///

import os
import subprocess
import sys
import threading

CHILD = "import sys; sys.stderr.write('warning ' * 100_000); print('done')"


def render():
    renderer = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    return renderer.stdout.read(), renderer.stderr.read()


threading.Timer(0.8, os.write, (1, b"READY %d\n" % os.getpid())).start()
render()
