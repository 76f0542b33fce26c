"""A thread takes a lock twice: another one, which has worked for long, will give it back."""

# /// diag
# verdict = "healthy"
# twin_of = ["self-deadlock"]
# ///

import os
import threading
import time


def main():
    done = threading.Lock()

    def work():
        time.sleep(3600)
        finish()

    def finish():
        done.release()

    done.acquire()
    threading.Thread(target=work, daemon=True).start()
    os.write(1, b"READY %d\n" % os.getpid())
    done.acquire()


main()
