"""Two accounts are locked in opposite order, by acquire(); a third thread goes on."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "lock-cycle"
# confidence = "likely"
# functions = ["transfer"]
# ///

import os
import threading
import time


class Account:
    def __init__(self):
        self.lock = threading.Lock()

    def transfer(self, other):
        self.lock.acquire()
        try:
            both.wait()
            other.lock.acquire()
            other.lock.release()
        finally:
            self.lock.release()


both = threading.Barrier(2)
savings, current = Account(), Account()
for payer, payee in ((savings, current), (current, savings)):
    threading.Thread(target=payer.transfer, args=(payee,), daemon=True).start()
time.sleep(0.5)
os.write(1, b"READY %d\n" % os.getpid())
while True:
    time.sleep(0.1)
