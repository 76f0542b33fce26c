"""Parent and children talk to a database over one connection, made before the fork."""

# /// diag
# verdict = "degraded"
# [[finding]]
# rule = "shared-connection"
# confidence = ["likely", "proven"]
# functions = ["work", "query"]
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


def work(connection):
    while True:
        query(connection)


def main():
    connection = socket.create_connection(start_server())
    context = multiprocessing.get_context("fork")
    children = [context.Process(target=work, args=(connection,)) for _ in range(2)]
    for child in children:
        child.start()
    os.write(1, b"READY %d\n" % os.getpid())
    for child in children:
        child.join()


main()
