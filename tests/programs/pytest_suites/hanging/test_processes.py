"""A lock inherited by fork, a pool whose worker died, a pipe that nobody empties."""

import multiprocessing
import os
import signal
import subprocess
import sys
import threading

FORK = multiprocessing.get_context("fork")


def test_lock_inherited_by_fork():
    lock = threading.Lock()
    with lock:
        child = FORK.Process(target=lock.acquire)
        child.start()
    child.join()


def die(_):
    os.kill(os.getpid(), signal.SIGKILL)


def test_dead_pool_worker():
    with FORK.Pool(2) as pool:
        pool.apply_async(die, ("page",)).get()


def test_full_pipe():
    program = "import sys; sys.stdout.write('x' * 1_000_000)"
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as child:
        child.wait()


def test_healthy_pool():
    with FORK.Pool(2) as pool:
        assert pool.map(abs, [-1, -2]) == [1, 2]
