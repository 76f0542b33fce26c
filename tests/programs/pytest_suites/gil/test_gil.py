"""C code that waits for a mutex with the GIL in hand; the owner of the mutex wants the GIL."""

import ctypes
import threading
import time


def test_gil_held():
    mutex = ctypes.create_string_buffer(64)
    library, holding = ctypes.CDLL(None), ctypes.PyDLL(None)
    taken = threading.Event()

    def own():
        library.pthread_mutex_lock(mutex)
        taken.set()
        time.sleep(0.2)
        library.pthread_mutex_unlock(mutex)

    threading.Thread(target=own, daemon=True).start()
    taken.wait()
    holding.pthread_mutex_lock(mutex)


def test_healthy():
    pass
