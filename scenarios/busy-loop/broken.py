r"""A form is checked by a regular expression that tries every way to split the text.

`(\w+\s?)*` can match the same words in exponentially many ways, and all of them are tried
when the text does not match in the end. The match holds the interpreter lock throughout.
"""

import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120  # a hung copy of this script ends by itself
TITLE = re.compile(r"^(\w+\s?)*$")


def is_valid(title):
    return TITLE.match(title) is not None


def serve_others():
    while True:
        time.sleep(0.05)


def main():
    signal.alarm(LIFE_S)
    threading.Thread(target=serve_others, name="others", daemon=True).start()
    with ThreadPoolExecutor(1, thread_name_prefix="request") as pool:
        print("READY", os.getpid(), flush=True)
        checked = pool.submit(is_valid, "an entirely harmless title of a book about birds!")
        print("RESULT", int(checked.result()), flush=True)


if __name__ == "__main__":
    main()
