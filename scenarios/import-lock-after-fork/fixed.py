"""The same service imports the plug-in first, and forks afterwards."""

import ctypes
import importlib
import json
import multiprocessing
import os
import pathlib
import signal
import sys
import tempfile
import threading
import time

LIFE_S = 120
PLUGIN = "import time\ntime.sleep(1.0)  # a model is loaded\n"
PR_SET_PDEATHSIG = 1


def warm_up():
    importlib.import_module("slow_plugin")


def handle_order(_order):
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)  # ends when its parent does
    importlib.import_module("slow_plugin")
    time.sleep(2.5)


def main():
    signal.alarm(LIFE_S)
    with tempfile.TemporaryDirectory() as folder:
        pathlib.Path(folder, "slow_plugin.py").write_text(PLUGIN)
        sys.path.insert(0, folder)
        warming = threading.Thread(target=warm_up, name="warm-up")
        warming.start()
        warming.join()

        worker = multiprocessing.get_context("fork").Process(target=handle_order, args=(1,))
        worker.start()
        print("READY", os.getpid(), flush=True)
        worker.join()
    print("RESULT", json.dumps({"done": int(worker.exitcode == 0)}), flush=True)


if __name__ == "__main__":
    main()
