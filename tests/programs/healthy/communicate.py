"""subprocess.communicate() with a slow child that has much to say."""

# /// diag
# verdict = "healthy"
# twin_of = ["pipe-child-cycle"]
# ///

import os
import subprocess
import sys

CHILD = "import time\nwhile True: print('x' * 100_000, flush=True); time.sleep(1.5)"
child = subprocess.Popen(
    [sys.executable, "-c", CHILD], stdout=subprocess.PIPE, stderr=subprocess.PIPE
)
os.write(1, b"READY %d\n" % os.getpid())
child.communicate()
