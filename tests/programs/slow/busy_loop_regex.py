"""A catastrophic regular expression."""

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

WORDS = re.compile(r"(\w+\s?)*$")


def parse(text):
    subprocess.run(["sh", "-c", f"(sleep 0.5; echo READY {os.getpid()}) &"], check=True)
    return WORDS.match(text)


parse("word " * 40 + "!")
