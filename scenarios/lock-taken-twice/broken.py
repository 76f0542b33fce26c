"""A price cache refreshes itself while its plain lock is held, and refreshing takes the lock.

The first request after the prices have gone stale never comes back, and every
later one queues up behind it.
"""

import os
import signal
import threading
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120  # a hung copy of this script ends by itself
REQUESTS = 4


class PriceCache:
    """Prices that are loaded when they are asked for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.prices = {}

    def get(self, article):
        """Return a price, fresh if need be."""
        with self.lock:
            if article not in self.prices:
                self.refresh()
            return self.prices[article]

    def refresh(self):
        """Load all prices."""
        with self.lock:
            self.prices = {article: 10 + article for article in range(100)}


def main():
    signal.alarm(LIFE_S)
    cache = PriceCache()
    with ThreadPoolExecutor(REQUESTS, thread_name_prefix="request") as pool:
        requests = [pool.submit(cache.get, article) for article in range(REQUESTS)]
        threading.Timer(0.7, print, ("READY", os.getpid()), {"flush": True}).start()
        print("RESULT", sum(request.result() for request in requests), flush=True)


if __name__ == "__main__":
    main()
