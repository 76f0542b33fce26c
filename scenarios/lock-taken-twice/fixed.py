"""The same cache: the part that needs the lock held is a method that does not take it."""

import json
import os
import signal
import threading
import time
from concurrent.futures import ThreadPoolExecutor

LIFE_S = 120
REQUESTS = 12


class PriceCache:
    """Prices that are loaded when they are asked for."""

    def __init__(self):
        self.lock = threading.Lock()
        self.prices = {}

    def get(self, article):
        """Return a price, fresh if need be."""
        with self.lock:
            if article not in self.prices:
                self._refresh(article)
            return self.prices[article]

    def _refresh(self, article):
        """Load a price. The caller holds the lock."""
        time.sleep(0.25)
        self.prices[article] = 10 + article


def main():
    signal.alarm(LIFE_S)
    cache = PriceCache()
    with ThreadPoolExecutor(4, thread_name_prefix="request") as pool:
        requests = [pool.submit(cache.get, article) for article in range(REQUESTS)]
        threading.Timer(0.3, print, ("READY", os.getpid()), {"flush": True}).start()
        done = [request.result() for request in requests]
    print("RESULT", json.dumps({"done": len(done)}), flush=True)


if __name__ == "__main__":
    main()
