"""A worker and its parent talk over a Pipe in turns; each turn is slow."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import multiprocessing
import os
import time


def serve(connection):
    while True:
        job = connection.recv()
        time.sleep(1.0)
        connection.send(job)


def main():
    context = multiprocessing.get_context("fork")
    mine, theirs = context.Pipe()
    context.Process(target=serve, args=(theirs,), daemon=True).start()
    os.write(1, b"READY %d\n" % os.getpid())
    while True:
        mine.send("job")
        mine.recv()


main()
