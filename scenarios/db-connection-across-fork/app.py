"""Three workers each ask a PostgreSQL database for the total of their own orders.

The mode says whose connection they use:

shared   the one that the parent made before it forked them
closed   the same; each closes it when it starts, as one does with what one does not need
worker   one of their own, made in the initializer of the pool
threads  the workers compute only; threads of the parent, each with a connection, then ask
"""

import argparse
import ctypes
import json
import multiprocessing
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pg8000.dbapi
import server

LIFE_S = 60
WORKERS = 3
FOR_S = 6.0
GIVE_UP_S = 3.0
PR_SET_PDEATHSIG = 1

local = threading.local()


def connect(path):
    return pg8000.dbapi.connect("app", database="postgres", unix_sock=path)


def total_of(connection, order):
    """Return the total of an order, which is 10 times its number."""
    cursor = connection.cursor()
    cursor.execute(f"SELECT {order}, 10 * {order}, pg_sleep(0.02)")
    return cursor.fetchone()[1]


def ask_for_a_while(connection, worker, counts, until):
    """Ask again and again; count the right answers, the wrong ones, and the errors."""
    number = 0
    while time.monotonic() < until:
        number += 1
        order = number * WORKERS + worker
        try:
            counts["right" if total_of(connection, order) == 10 * order else "wrong"] += 1
        except Exception as error:  # what the driver says of a broken stream is of many types
            counts["errors"] += 1
            counts["error"] = f"{type(error).__name__}: {error}"
            time.sleep(0.05)


def end_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def work(mode, path, connection, worker, until, answers):
    end_with_parent()
    counts = {"right": 0, "wrong": 0, "errors": 0, "error": None}
    if mode == "closed":
        time.sleep(FOR_S / 2)  # it computes first
        try:
            connection.close()
        except Exception as error:  # another child has ended the session already
            counts["errors"] += 1
            counts["error"] = f"{type(error).__name__}: {error}"
    elif mode == "threads":
        while time.monotonic() < until - FOR_S / 2:
            sum(range(10_000))
            time.sleep(0.01)
    else:
        ask_for_a_while(connect(path) if mode == "worker" else connection, worker, counts, until)
    answers.put(counts)


def in_thread(path, worker, until):
    if not hasattr(local, "connection"):
        local.connection = connect(path)
    counts = {"right": 0, "wrong": 0, "errors": 0, "error": None}
    ask_for_a_while(local.connection, worker, counts, until)
    return counts


def collect(workers, answers, until):
    """Return what the workers counted; who does not answer hangs, and is ended."""
    while any(worker.is_alive() for worker in workers) and time.monotonic() < until + GIVE_UP_S:
        time.sleep(0.05)
    hung = [worker for worker in workers if worker.is_alive()]
    for worker in hung:
        worker.kill()
    for worker in workers:
        worker.join()
    return [answers.get() for _ in range(WORKERS - len(hung))], len(hung)


def main():
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("mode", choices=["shared", "closed", "worker", "threads"])
    options.add_argument("--socket", help="of a server that runs; default: one of our own")
    chosen = options.parse_args()
    signal.alarm(LIFE_S)
    if chosen.socket is None:
        with server.running() as path:
            # The application is a program of its own: it inherits nothing of the server.
            program = [sys.executable, __file__, chosen.mode, "--socket", path]
            sys.exit(os.spawnv(os.P_WAIT, sys.executable, program))
    end_with_parent()
    sys.exit(run(chosen.mode, chosen.socket))


def run(mode, path):
    context = multiprocessing.get_context("fork")
    connection = connect(path) if mode in {"shared", "closed"} else None
    until, answers = time.monotonic() + FOR_S, context.SimpleQueue()
    workers = [
        context.Process(target=work, args=(mode, path, connection, number, until, answers))
        for number in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    print("READY", os.getpid(), flush=True)
    counts, hung = collect(workers, answers, until)
    if mode == "threads":
        with ThreadPoolExecutor(WORKERS) as executor:
            until = time.monotonic() + FOR_S / 2
            futures = [executor.submit(in_thread, path, n, until) for n in range(WORKERS)]
            counts = [future.result() for future in futures]
    if mode == "closed":
        last = {"right": 0, "wrong": 0, "errors": 0, "error": None}
        ask_for_a_while(connection, 0, last, time.monotonic() + 1.0)
        counts.append(last)
    result = {key: sum(each[key] for each in counts) for key in ("right", "wrong", "errors")}
    result["error"] = next((each["error"] for each in counts if each["error"]), None)
    result["hung"] = hung
    print("RESULT", json.dumps(result), flush=True)
    return 1 if hung or result["wrong"] or result["errors"] else 0


if __name__ == "__main__":
    main()
