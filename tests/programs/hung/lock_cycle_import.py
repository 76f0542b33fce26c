"""A module starts a thread while it is imported and joins it; the thread imports that module."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "lock-cycle"
# or_rule = "nobody-can-act"
# confidence = "proven"
# functions = ["<module>", "load", "main"]
# ///

import importlib
import os
import pathlib
import sys
import tempfile
import threading

MODULE = """
import threading

def load():
    import slow_settings

loader = threading.Thread(target=load, name="loader")
loader.start()
loader.join()
"""


def main():
    folder = tempfile.mkdtemp()
    sys.path.insert(0, folder)
    pathlib.Path(folder, "slow_settings.py").write_text(MODULE)
    threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid())).start()
    importlib.import_module("slow_settings")


main()
