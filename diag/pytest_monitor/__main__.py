"""`python -m diag.pytest_monitor PID FOLDER KEEP_IN [--show-locals]` watches pytest from outside.

Prints the pid of the process that stays, which is no child of pytest: else it would be
looked at as well.
"""

import os
import sys
from pathlib import Path

_NICE = 3  # tests with short limits come first


def main() -> int:
    """Leave the tree of pytest, then watch it until it ends."""
    pid, folder, keep_in = int(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3])
    child = os.fork()
    if child:
        os.write(1, b"%d\n" % child)
        return 0
    os.nice(_NICE)
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)

    from diag.cli.exits import guarded
    from diag.pytest_monitor.monitor import watch

    show_locals = "--show-locals" in sys.argv[4:]
    return guarded(lambda: watch(pid, folder, keep_in, show_locals=show_locals))


if __name__ == "__main__":
    raise SystemExit(main())
