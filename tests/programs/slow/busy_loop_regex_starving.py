"""A catastrophic regular expression keeps the GIL; the other threads starve."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "busy-loop"
# confidence = "likely"
# functions = ["parse"]
# ///

import os
import re
import subprocess
import threading
import time


def parse(text):
    subprocess.run(["sh", "-c", f"(sleep 0.8; echo READY {os.getpid()}) &"], check=True)
    return re.match(r"(a+)+$", text)


def tick():
    while True:
        time.sleep(0.05)


threading.Thread(target=tick).start()
parse("a" * 60 + "b")
