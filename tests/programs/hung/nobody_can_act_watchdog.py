"""Two threads wait for items of each other, and faulthandler dumps their stacks again and again."""

# /// diag
# verdict = "hung"
# live = true
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["wash", "dry"]
# ///

import faulthandler
import os
import queue
import threading

washed, dried = queue.Queue(), queue.Queue()


def wash():
    dried.get()
    washed.put("plate")


def dry():
    washed.get()
    dried.put("plate")


faulthandler.dump_traceback_later(0.3, repeat=True, file=open(os.devnull, "w"))
threads = [threading.Thread(target=work, name=work.__name__) for work in (wash, dry)]
for thread in threads:
    thread.start()
timer = threading.Timer(0.7, os.write, (1, b"READY %d\n" % os.getpid()))
timer.start()
for thread in threads:
    thread.join()
