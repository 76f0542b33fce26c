"""Two processes lock two files with flock in opposite order."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["update"]
# ///

import fcntl
import os
import tempfile
import threading


def update(first, second, say, hear):
    with open(first, "a") as one, open(second, "a") as two:
        fcntl.flock(one, fcntl.LOCK_EX)
        os.write(say, b"x")
        os.read(hear, 1)
        fcntl.flock(two, fcntl.LOCK_EX)


def main():
    folder = tempfile.mkdtemp()
    a, b = os.path.join(folder, "a.lock"), os.path.join(folder, "b.lock")
    hear_left, say_left = os.pipe()
    hear_right, say_right = os.pipe()
    children = []
    for arguments in ((a, b, say_left, hear_right), (b, a, say_right, hear_left)):
        child = os.fork()
        if child == 0:
            update(*arguments)
            os._exit(0)
        children.append(child)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    for child in children:
        os.waitpid(child, 0)


main()
