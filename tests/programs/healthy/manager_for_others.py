"""A manager with a key that others have been told; the parent waits for its end."""

# /// diag
# verdict = "healthy"
# twin_of = ["nobody-can-act"]
# ///

import os
from multiprocessing.managers import BaseManager


def main():
    manager = BaseManager(authkey=b"told to others")
    manager.start()
    os.write(1, b"READY %d\n" % os.getpid())
    manager.join()


if __name__ == "__main__":
    main()
