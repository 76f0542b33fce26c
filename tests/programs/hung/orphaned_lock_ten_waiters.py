"""Ten threads of a forked child stand behind a plain lock that no one there holds.

A plain lock records no owner, and one with several threads around it could be any
one's: the general proof is accepted.
"""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["update_cache"]
# ///

import os
import threading

cache_lock = threading.Lock()
refreshing = threading.Event()


def refresh():
    with cache_lock:
        refreshing.set()
        threading.Event().wait(3600)


def update_cache():
    with cache_lock:
        pass


def main():
    threading.Thread(target=refresh, name="refresher", daemon=True).start()
    refreshing.wait()
    child = os.fork()
    if child == 0:
        threads = [threading.Thread(target=update_cache) for _ in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        os._exit(0)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
