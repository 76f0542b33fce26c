"""A thread imports a slow plug-in in the background, and a worker is forked meanwhile.

Each module has a lock while it is imported. The worker inherits it locked by a thread
that it does not have, and waits for ever when it imports the same plug-in.
"""

import ctypes
import importlib
import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself
PLUGIN = "import time\ntime.sleep(1.0)  # a model is loaded\n"
PR_SET_PDEATHSIG = 1


def warm_up():
    importlib.import_module("slow_plugin")


def handle_order(_order):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    importlib.import_module("slow_plugin")


def main():
    signal.alarm(LIFE_S)
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "slow_plugin.py").write_text(PLUGIN)
        sys.path.insert(0, folder)
        threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
        while "slow_plugin" not in sys.modules:
            time.sleep(0.01)

        worker = multiprocessing.get_context("fork").Process(target=handle_order, args=(1,))
        worker.start()
        worker.join(timeout=1.5)  # until the parent's thread is done with it
        print("READY", os.getpid(), flush=True)
        worker.join()
    print("RESULT 1", flush=True)


if __name__ == "__main__":
    main()
