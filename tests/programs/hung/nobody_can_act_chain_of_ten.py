"""Ten threads, each waiting for the one before; the first waits for an event nobody sets."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["stage"]
# ///

import os
import threading

go = threading.Event()


def stage(before):
    if before is None:
        go.wait()
    else:
        before.join()


stages = [None]
for number in range(10):
    thread = threading.Thread(target=stage, args=(stages[-1],), name=f"stage-{number}")
    thread.start()
    stages.append(thread)
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
stages[-1].join()
