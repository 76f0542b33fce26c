"""An idle thread pool; the main thread sleeps until the next round."""

# /// diag
# verdict = "healthy"
# ///

import os
import time
from concurrent.futures import ThreadPoolExecutor

with ThreadPoolExecutor(4) as pool:
    print(sum(pool.map(abs, range(20))))
    os.write(1, b"READY %d\n" % os.getpid())
    time.sleep(3600)
