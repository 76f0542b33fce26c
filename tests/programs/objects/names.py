"""Threads that wait for locks which the program calls by all kinds of names.

Each thread is named for the one that it has to be given: what follows "->" in a
function's docstring.
"""

import os
import threading
import time


def taken():
    lock = threading.Lock()
    lock.acquire()
    return lock


class Account:
    audit = taken()

    def __init__(self):
        self.lock = taken()
        self.rows = [taken(), taken()]
        self.by_owner = {"a secret": taken()}

    def attribute(self):
        """-> self.lock of Account"""
        self.lock.acquire()

    def of_class(self):
        """-> Account.audit"""
        self.audit.acquire()

    def item(self):
        """-> self.rows[1] of Account"""
        self.rows[1].acquire()

    def value(self):
        """-> in self.by_owner of Account"""
        self.by_owner["a secret"].acquire()


class Savings(Account):
    pass


everything = taken()
table = [taken(), taken()]
lookup = {"another secret": taken()}
bank = Account()


def of_module():
    """-> everything of module __main__"""
    everything.acquire()


def in_list():
    """-> table[0] of module __main__"""
    table[0].acquire()


def in_dict():
    """-> in lookup of module __main__"""
    lookup["another secret"].acquire()


def of_object():
    """-> bank.lock of module __main__"""
    bank.lock.acquire()


def local():
    """-> gate of local()"""
    gate = taken()
    gate.acquire()


def closure():
    """-> inner of wait()"""
    inner = taken()

    def wait():
        inner.acquire()

    wait()


def of_argument():
    """-> other.lock of Account"""

    def transfer(other):
        other.lock.acquire()

    transfer(Account())


def of_caller():
    """-> account.lock of Account"""

    def take(lock):
        lock.acquire()

    account = Account()
    take(account.lock)


def nameless():
    """->"""
    taken().acquire()


functions = [
    bank.attribute,
    Savings().of_class,
    bank.item,
    bank.value,
    of_module,
    in_list,
    in_dict,
    of_object,
    local,
    closure,
    of_argument,
    of_caller,
    nameless,
]
for function in functions:
    name = function.__doc__.partition("->")[2].strip()
    threading.Thread(target=function, name=name or "nothing", daemon=True).start()
time.sleep(0.3)
os.write(1, b"READY %d\n" % os.getpid())
time.sleep(3600)
