"""A bank locks the account that pays, then the account that is paid.

Two customers who pay each other at the same time lock both accounts, each the
other's one last.
"""

import os
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself


class Account:
    """An account with a lock of its own."""

    def __init__(self, number, balance):
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    with source.lock:
        time.sleep(0.2)  # the limit of the account is looked up
        with target.lock:
            source.balance -= amount
            target.balance += amount


def main():
    signal.alarm(LIFE_S)
    anna, bert = Account(1, 100), Account(2, 100)
    payments = [
        threading.Thread(target=transfer, args=(anna, bert, 10), name="anna-pays"),
        threading.Thread(target=transfer, args=(bert, anna, 5), name="bert-pays"),
    ]
    for payment in payments:
        payment.start()
    threading.Timer(1.0, print, ("READY", os.getpid()), {"flush": True}).start()
    for payment in payments:
        payment.join()
    print("RESULT", anna.balance + bert.balance, flush=True)


if __name__ == "__main__":
    main()
