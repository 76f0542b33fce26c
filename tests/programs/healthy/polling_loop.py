"""A loop that polls a file every half second."""

# /// diag
# verdict = "healthy"
# ///

import os
import time

os.write(1, b"READY %d\n" % os.getpid())
while not os.path.exists("/nonexistent/flag"):
    time.sleep(0.5)
