"""The program is over, but a thread that is no daemon waits on a queue for ever."""

# /// diag
# verdict = "hung"
# [[finding]]
# rule = "nobody-can-act"
# confidence = "proven"
# functions = ["send_mail"]
# ///

import os
import queue
import threading

outbox = queue.Queue()


def send_mail():
    while True:
        outbox.get()


threading.Thread(target=send_mail, name="mailer").start()
threading.Timer(0.5, os.write, (1, b"READY %d\n" % os.getpid())).start()
