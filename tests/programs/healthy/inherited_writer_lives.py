"""A worker was forked while a pipe to another child was open, and works; the child sees no end."""

# /// diag
# verdict = "healthy"
# still = true
# [[finding]]
# rule = "inherited-writer"
# confidence = "possible"
# functions = ["compress"]
# ///

import multiprocessing
import os
import subprocess
import threading
import time


def compress(command):
    command.stdin.write(b"log")
    command.stdin.close()
    command.wait()


command = subprocess.Popen(["cat"], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
worker = multiprocessing.get_context("fork").Process(target=time.sleep, args=(600,), daemon=True)
worker.start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
compress(command)
