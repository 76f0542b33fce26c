"""A client waits without a time-out for a server that has said nothing for ten seconds."""

# /// diag
# verdict = "healthy"
# still = true
# [[finding]]
# rule = "silent-peer"
# confidence = "possible"
# functions = ["fetch"]
# ///

import os
import socket
import time


def start_outside(work):
    """Run work in a process whose parent has ended: it is not in this tree."""
    between = os.fork()
    if between == 0:
        if os.fork() == 0:
            work()
        os._exit(0)
    os.waitpid(between, 0)


def say_nothing():
    connection, _ = server.accept()
    connection.recv(100)
    time.sleep(10.2)
    os.write(1, b"READY %d\n" % client)
    time.sleep(3600)


def fetch(address):
    with socket.create_connection(address) as connection:
        server.close()
        connection.sendall(b"question")
        return connection.recv(100)


client = os.getpid()
server = socket.create_server(("127.0.0.1", 0))
start_outside(say_nothing)
fetch(server.getsockname())
