"""Client and server in one tree, each waiting for the other's first word over TCP."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["serve", "ask"]
# ///

import os
import socket
import threading


def serve(server):
    connection, _ = server.accept()
    server.close()
    connection.recv(100)


def ask(port):
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.recv(100)


def main():
    server = socket.create_server(("127.0.0.1", 0))
    port = server.getsockname()[1]
    if os.fork() == 0:
        serve(server)
        os._exit(0)
    server.close()
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    ask(port)


main()
