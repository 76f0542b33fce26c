r"""The same check without ambiguity: each word is followed by a space or the end.

`\w+(\s\w+)*` can match a text in one way only, so a text that does not match is found out
in time proportional to its length.
"""

import json
import os
import re
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120
TITLES = 30
TITLE = re.compile(r"^\w+(\s\w+)*\s?$")


def is_valid(title):
    time.sleep(0.1)  # the title is looked up in the catalogue
    return TITLE.match(title) is not None


def serve_others():
    while True:
        time.sleep(0.05)


def main():
    signal.alarm(LIFE_S)
    threading.Thread(target=serve_others, name="others", daemon=True).start()
    with ThreadPoolExecutor(1, thread_name_prefix="request") as pool:
        print("READY", os.getpid(), flush=True)
        title = "an entirely harmless title of a book about birds!"
        checked = [pool.submit(is_valid, title) for _ in range(TITLES)]
        invalid = sum(not each.result() for each in checked)
    print("RESULT", json.dumps({"done": invalid}), flush=True)


if __name__ == "__main__":
    main()
