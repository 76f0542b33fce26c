"""Two RLocks in opposite order with ten waiters behind, in a server that still answers."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "proven"
# functions = ["debit", "credit"]
# ///

import os
import socket
import threading

accounts, ledger = threading.RLock(), threading.RLock()
both = threading.Barrier(2)


def debit():
    with accounts:
        both.wait()
        with ledger:
            pass


def credit():
    with ledger:
        both.wait()
        with accounts:
            pass


def show_balance():
    with accounts:
        pass


for work in (debit, credit):
    threading.Thread(target=work, name=work.__name__, daemon=True).start()
threading.Event().wait(0.3)
for number in range(10):
    threading.Thread(target=show_balance, name=f"reader-{number}", daemon=True).start()
server = socket.create_server(("127.0.0.1", 0))
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
while True:
    server.accept()
