"""A request left a lock locked as it failed; all later ones wait, and the server still accepts."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "left-locked"
# confidence = "possible"
# functions = ["handle"]
# ///

import os
import socket
import threading

accounts = threading.Lock()


def fail():
    accounts.acquire()
    raise SystemExit


def handle():
    with accounts:
        pass


first = threading.Thread(target=fail)
first.start()
first.join()
for _ in range(3):
    threading.Thread(target=handle, daemon=True).start()
server = socket.create_server(("127.0.0.1", 0))
print("READY", os.getpid(), flush=True)
while True:
    server.accept()
