"""A driver in C reads the next sample of a sensor and keeps the interpreter lock meanwhile.

The sample comes from a thread of the same program, which needs that lock to send it.
ctypes.PyDLL calls like this; so does an extension module that forgets
Py_BEGIN_ALLOW_THREADS.
"""

import ctypes
import os
import signal
import threading
import time

LIFE_S = 120  # a hung copy of this script ends by itself

driver = ctypes.PyDLL(None)  # read(2) stands for the driver's own function


def simulate_sensor(write_end):
    while True:
        time.sleep(0.2)
        os.write(write_end, b"s")


def read_sample(read_end):
    sample = ctypes.create_string_buffer(1)
    driver.read(read_end, sample, 1)
    return sample.raw


def main():
    signal.alarm(LIFE_S)
    read_end, write_end = os.pipe()
    threading.Thread(target=simulate_sensor, args=(write_end,), name="sensor", daemon=True).start()
    print("READY", os.getpid(), flush=True)  # from here on no line of Python runs
    print("RESULT", len(read_sample(read_end)), flush=True)


if __name__ == "__main__":
    main()
