"""Two processes at the ends of a multiprocessing.Pipe, each waiting for the other to speak."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["serve", "ask"]
# ///

import multiprocessing
import os
import threading


def serve(connection):
    connection.send(connection.recv())


def ask(connection):
    return connection.recv()


def main():
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    server = context.Process(target=serve, args=(theirs,))
    server.start()
    theirs.close()
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    ask(mine)


main()
