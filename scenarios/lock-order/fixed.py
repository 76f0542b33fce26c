"""The same bank locks accounts in the order of their numbers, whoever pays."""

import json
import os
import signal
import threading
import time

LIFE_S = 120
TRANSFERS = 8


class Account:
    """An account with a lock of its own."""

    def __init__(self, number, balance):
        self.number = number
        self.balance = balance
        self.lock = threading.Lock()


def transfer(source, target, amount):
    first, second = sorted((source, target), key=lambda account: account.number)
    with first.lock:
        time.sleep(0.2)  # the limit of the account is looked up
        with second.lock:
            source.balance -= amount
            target.balance += amount


def pay_often(source, target, amount):
    for _ in range(TRANSFERS):
        transfer(source, target, amount)


def main():
    signal.alarm(LIFE_S)
    anna, bert = Account(1, 100), Account(2, 100)
    payments = [
        threading.Thread(target=pay_often, args=(anna, bert, 10), name="anna-pays"),
        threading.Thread(target=pay_often, args=(bert, anna, 5), name="bert-pays"),
    ]
    for payment in payments:
        payment.start()
    threading.Timer(0.4, print, ("READY", os.getpid()), {"flush": True}).start()
    for payment in payments:
        payment.join()
    result = {"done": 2 * TRANSFERS, "money": anna.balance + bert.balance}
    print("RESULT", json.dumps(result), flush=True)


if __name__ == "__main__":
    main()
