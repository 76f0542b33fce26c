"""The same driver called through ctypes.CDLL, which releases the interpreter lock."""

import ctypes
import json
import os
import signal
import threading
import time

LIFE_S = 120
SAMPLES = 15

driver = ctypes.CDLL(None)  # read(2) stands for the driver's own function


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
    print("READY", os.getpid(), flush=True)
    samples = [read_sample(read_end) for _ in range(SAMPLES)]
    print("RESULT", json.dumps({"done": len(samples)}), flush=True)


if __name__ == "__main__":
    main()
