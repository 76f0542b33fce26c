"""Threads log all the time while children are forked, log and end."""

# /// diag
# verdict = "healthy"
# twin_of = ["orphaned-lock"]
# ///

import logging
import os
import tempfile
import threading
import time

log = os.path.join(tempfile.mkdtemp(), "app.log")
logging.basicConfig(filename=log, level=logging.INFO)
os.unlink(log)
os.rmdir(os.path.dirname(log))


def chat():
    while True:
        logging.info("still here")
        time.sleep(0.02)


for _ in range(4):
    threading.Thread(target=chat, daemon=True).start()
logging.info("start")
os.write(1, b"READY %d\n" % os.getpid())
while True:
    child = os.fork()
    if child == 0:
        os._exit(0)
    os.waitpid(child, 0)
    logging.info("child ended")
    time.sleep(0.1)
