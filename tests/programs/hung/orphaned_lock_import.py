"""A module is being imported by a thread at the fork; the child imports it too."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "orphaned-lock"
# confidence = "proven"
# functions = ["handle_order"]
# ///

import importlib
import os
import pathlib
import shutil
import sys
import tempfile
import threading

importing = threading.Event()


def warm_up():
    importlib.import_module("slow_plugin")


def handle_order():
    importlib.import_module("slow_plugin")


def main():
    folder = tempfile.mkdtemp()
    sys.path.insert(0, folder)
    sys.modules["orders"] = sys.modules["__main__"]
    pathlib.Path(folder, "slow_plugin.py").write_text(
        "import orders, time\norders.importing.set()\ntime.sleep(3600)\n"
    )
    threading.Thread(target=warm_up, name="warm-up", daemon=True).start()
    importing.wait()
    child = os.fork()
    if child == 0:
        handle_order()
        os._exit(0)
    shutil.rmtree(folder)
    threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
    os.waitpid(child, 0)


main()
