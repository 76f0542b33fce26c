"""What a command leaves behind writes elsewhere; the program reads from a command that goes on."""

# /// diag
# verdict = "healthy"
# twin_of = ["leftover-writer"]
# ///

import os
import subprocess
import threading

LEAVES = "sleep 3600 >/dev/null 2>&1 & echo started"
subprocess.run(["sh", "-c", LEAVES], stdout=subprocess.PIPE)
threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
subprocess.run(["sleep", "3600"], stdout=subprocess.PIPE)
