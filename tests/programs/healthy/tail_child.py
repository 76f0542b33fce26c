"""The parent reads what tail -f of a quiet log says: nothing."""

# /// diag
# verdict = "healthy"
# ///

import os
import subprocess
import tempfile

log = os.path.join(tempfile.mkdtemp(), "app.log")
with open(log, "w"):
    pass
tail = subprocess.Popen(["tail", "-f", log], stdout=subprocess.PIPE)
os.write(1, b"READY %d\n" % os.getpid())
tail.stdout.readline()
