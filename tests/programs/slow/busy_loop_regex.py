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

WORDS = re.compile(r"(\w+\s?)*$")


def parse(text):
    os.write(1, b"READY %d\n" % os.getpid())
    return WORDS.match(text)


parse("word " * 40 + "!")
