"""Locks that are held, in all ways, by threads that wait for somebody outside."""

# /// diag
# verdict = "healthy"
# twin_of = ["left-locked"]
# ///

import contextlib
import os
import socket
import threading

locks = [threading.Lock() for _ in range(6)]


class Transaction:
    def __init__(self, lock):
        self.lock = lock

    def begin(self):
        self.lock.acquire()

    def commit(self):
        self.lock.release()


@contextlib.contextmanager
def entered(lock):
    with lock:
        yield


def by_with():
    with locks[0]:
        receive()


def by_acquire():
    locks[1].acquire()
    try:
        receive()
    finally:
        locks[1].release()


def by_generator():
    with entered(locks[2]):
        receive()


def by_stack():
    with contextlib.ExitStack() as stack:
        stack.enter_context(locks[3])
        receive()


def by_begin():
    transaction = Transaction(locks[4])
    transaction.begin()
    receive()
    transaction.commit()


def by_kept_generator():
    kept = entered(locks[5]).gen
    next(kept)
    receive()


def receive():
    connection, _ = server.accept()
    connection.recv(1)


def use(lock):
    with lock:
        pass


server = socket.create_server(("127.0.0.1", 0))
for function in (by_with, by_acquire, by_generator, by_stack, by_begin, by_kept_generator):
    threading.Thread(target=function, daemon=True).start()
for lock in locks:
    while not lock.locked():
        pass
    threading.Thread(target=use, args=(lock,), daemon=True).start()
print("READY", os.getpid(), flush=True)
server.accept()
