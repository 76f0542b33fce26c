"""Short tasks of pure Python in a ThreadPoolExecutor."""

# /// diag
# verdict = "degraded"
# alone = true
# [[finding]]
# rule = "gil-bound"
# confidence = "proven"
# functions = []
# ///

import concurrent.futures
import json
import os

PAGE = json.dumps([{"name": str(n), "tags": ["a", "b"]} for n in range(20)])


def parse(page):
    total = 0
    for _ in range(200):
        for letter in page:
            total += letter == "a"
    return total


def main():
    with concurrent.futures.ThreadPoolExecutor(6) as pool:
        running = {pool.submit(parse, PAGE) for _ in range(12)}
        os.write(1, b"READY %d\n" % os.getpid())
        while True:
            done, running = concurrent.futures.wait(
                running, return_when=concurrent.futures.FIRST_COMPLETED
            )
            running |= {pool.submit(parse, PAGE) for _ in done}


main()
