"""The parent waits for a child that is not Python and that is stopped."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "stopped-process"
# confidence = ["proven", "likely"]
# functions = []
# ///

import os
import signal
import subprocess
import threading

converter = subprocess.Popen(["sleep", "1000"])
converter.send_signal(signal.SIGSTOP)
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
converter.wait()
