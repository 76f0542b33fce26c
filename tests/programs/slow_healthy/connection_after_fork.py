"""Each child makes its own connection; the parent's is inherited and left alone."""

# /// diag
# verdict = "healthy"
# twin_of = ["shared-connection"]
# ///

import multiprocessing
import os
import random
import socket
import threading
import time


def serve(listener):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=answer, args=(connection,), daemon=True).start()


def answer(connection):
    while data := connection.recv(1):
        time.sleep(0.05)
        connection.send(data)


def query(connection):
    connection.send(b"?")
    return connection.recv(1)


def start_server():
    """Serve in a process of its own, started first so that it inherits nothing."""
    address = ("127.%d.%d.%d" % tuple(random.randrange(1, 250) for _ in range(3)), 5432)
    listener = socket.create_server(address)
    process = multiprocessing.get_context("fork").Process(target=serve, args=(listener,))
    process.daemon = True
    process.start()
    listener.close()
    return address


def work(address, ready):
    connection = socket.create_connection(address)
    ready.release()
    while True:
        query(connection)


def main():
    address = start_server()
    connection = socket.create_connection(address)
    context = multiprocessing.get_context("fork")
    ready = context.Semaphore(0)
    children = [context.Process(target=work, args=(address, ready)) for _ in range(2)]
    for child in children:
        child.start()
        ready.acquire()
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        query(connection)


main()
