"""print() blocked on a full stdout pipe in one thread while another forks; the child prints."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["report_progress"]
# ///

import os
import select
import threading


def dump_table():
    print("x" * 300_000, flush=True)


def report_progress():
    print("one done", flush=True)


def main():
    terminal = os.dup(1)
    _unread, write_end = os.pipe()
    os.dup2(write_end, 1)
    threading.Thread(target=dump_table, name="printer", daemon=True).start()
    while select.select([], [1], [], 0)[1]:
        pass
    child = os.fork()
    if child == 0:
        report_progress()
        os._exit(0)
    threading.Timer(0.5, os.write, (terminal, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
