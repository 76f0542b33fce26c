"""Threads that one test leaves in a lock cycle do not become the cause of the hangs after it."""

import queue
import subprocess
import sys
import threading

GATE = threading.Barrier(3)
LOCKS = [threading.RLock() for _ in range(3)]
PLAIN = threading.Lock()
THREADS = []


def work(number):
    if number == 0:
        PLAIN.acquire()  # records no owner
    with LOCKS[number]:
        GATE.wait()
        with LOCKS[(number + 1) % 3]:
            pass


def test_circle():
    THREADS.extend(threading.Thread(target=work, args=(n,), daemon=True) for n in range(3))
    for thread in THREADS:
        thread.start()
    THREADS[0].join()  # a join that was interrupted returns at once next time, up to 3.12


def test_item_that_never_comes():
    queue.Queue().get()


def test_child_with_a_full_pipe():
    code = "import sys; sys.stderr.write('x' * 300_000)"
    subprocess.Popen([sys.executable, "-c", code], stderr=subprocess.PIPE).wait()


def test_lock_of_one_who_was_left():
    with LOCKS[1]:
        pass


def test_plain_lock_that_one_of_them_holds():
    PLAIN.acquire()


def test_end_of_one_who_was_left():
    THREADS[2].join()


def test_healthy():
    assert THREADS
