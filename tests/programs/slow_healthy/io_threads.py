"""Threads that wait for I/O and parse a little in between."""

# /// diag
# verdict = "healthy"
# alone = true
# twin_of = ["gil-bound"]
# ///

import os
import socket
import threading
import time


def serve(end):
    while True:
        end.recv(1)
        time.sleep(0.01)
        end.send(b"x" * 100)


def fetch(end):
    while True:
        end.send(b"?")
        sum(end.recv(100))


for _ in range(8):
    here, there = socket.socketpair()
    threading.Thread(target=serve, args=(there,), daemon=True).start()
    threading.Thread(target=fetch, args=(here,), daemon=True).start()
os.write(1, b"READY %d\n" % os.getpid())
threading.Event().wait()
