"""Children wait for work on pipes while the parent computes."""

# /// diag
# verdict = "healthy"
# twin_of = ["pipe-child-cycle"]
# ///

import os

for _ in range(2):
    read_end, write_end = os.pipe()
    if os.fork() == 0:
        os.close(write_end)
        os.read(read_end, 1)
        os._exit(0)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    sum(range(10_000))
