"""A command leaves something behind that keeps its standard output: its reader waits for that."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "leftover-writer"
# confidence = "likely"
# functions = ["deploy"]
# ///

import os
import subprocess
import threading


def deploy():
    subprocess.run(["sh", "-c", "sleep 3600 & echo started"], stdout=subprocess.PIPE)


threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
deploy()
