"""Blocks for ever in the way that its argument names; prints what is true as JSON, then waits.

Every number printed is known to the program itself: the tests compare them with
what is read from outside. Runs on 3.9 and later; ends when its parent ends.
"""

import ctypes
import fcntl
import json
import multiprocessing
import os
import queue
import signal
import sys
import threading
import time

F_SETPIPE_SZ = 1031
MANY = b"x" * 200_000


def say(**facts):
    print(json.dumps(facts), flush=True)


def die_with_parent():
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def in_thread(function, *args):
    """Start a thread and return it."""
    thread = threading.Thread(target=function, args=args, daemon=True)
    thread.start()
    return thread


def rest():
    while True:
        time.sleep(1000)


def hold(lock, held):
    with lock:
        held.set()
        rest()


def held_by_thread(lock):
    """Return the thread that holds `lock` from now on."""
    held = threading.Event()
    owner = in_thread(hold, lock, held)
    held.wait()
    return owner


def rlock():
    lock = threading.RLock()
    lock_owner = held_by_thread(lock)
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="rlock",
        type="_thread.RLock",
        address=id(lock),
        owner_ident=lock_owner.ident,
        owner_tid=lock_owner.native_id,
        count=1,
    )
    lock.acquire()


def rlock_twice():
    lock = threading.RLock()
    lock.acquire()
    lock.acquire()
    thread = in_thread(lock.acquire)
    say(
        pid=os.getpid(),
        waiter=thread.native_id,
        kind="rlock",
        type="_thread.RLock",
        address=id(lock),
        owner_ident=threading.get_ident(),
        owner_tid=os.getpid(),
        count=2,
    )
    rest()


def rlock_fork():
    lock = threading.RLock()
    owner = held_by_thread(lock)
    child = os.fork()
    if not child:
        die_with_parent()
        lock.acquire()
        os._exit(0)
    say(
        pid=child,
        parent=os.getpid(),
        waiter=child,
        kind="rlock",
        type="_thread.RLock",
        address=id(lock),
        owner_ident=owner.ident,
        owner_alive=False,
        count=1,
    )
    rest()


def c_fork():
    lock = threading.RLock()
    owner = held_by_thread(lock)
    child = ctypes.PyDLL(None).fork()
    if not child:
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)
        lock.acquire()
        os._exit(0)
    say(
        pid=child,
        parent=os.getpid(),
        waiter=child,
        kind="rlock",
        type="_thread.RLock",
        address=id(lock),
        owner_ident=owner.ident,
        owner_alive=False,
        count=1,
        dead_idents=[owner.ident],
    )
    rest()


def plain():
    lock = threading.Lock()
    owner = held_by_thread(lock)
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="lock",
        type="_thread.lock",
        address=id(lock),
        owner_ident=owner.ident,
        owner_tid=owner.native_id,
    )
    lock.acquire()


def timed():
    lock = threading.Lock()
    owner = held_by_thread(lock)
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="lock",
        type="_thread.lock",
        address=id(lock),
        owner_ident=owner.ident,
        owner_tid=owner.native_id,
    )
    lock.acquire(timeout=100_000)


def full_pipe():
    reading, writing = os.pipe()
    fcntl.fcntl(writing, F_SETPIPE_SZ, 4096)
    return reading, writing


def buffer_fork():
    _, writing = full_pipe()
    stream = os.fdopen(writing, "wb")
    owner = in_thread(stream.write, MANY)
    wait_for_syscall(owner.native_id, 1)
    child = os.fork()
    if not child:
        die_with_parent()
        stream.write(b"y")
        os._exit(0)
    say(
        pid=child,
        parent=os.getpid(),
        waiter=child,
        kind="buffer",
        type="_io.BufferedWriter",
        address=id(stream),
        owner_ident=owner.ident,
        owner_alive=False,
    )
    rest()


def buffer_threads():
    reading, _ = os.pipe()
    stream = os.fdopen(reading, "rb")
    owner = in_thread(stream.read, 10)
    wait_for_syscall(owner.native_id, 0)
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="buffer",
        type="_io.BufferedReader",
        address=id(stream),
        owner_ident=owner.ident,
        owner_tid=owner.native_id,
    )
    stream.read(10)


def wait_for_syscall(tid, number):
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        with open("/proc/self/task/%d/syscall" % tid) as file:
            if file.read().split()[0] == str(number):
                return
        time.sleep(0.005)
    raise SystemExit("never got to system call %d" % number)


def simple_queue():
    waiting = queue.SimpleQueue()
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="simple-queue",
        type="_queue.SimpleQueue",
        address=id(waiting),
    )
    waiting.get()


def join():
    thread = in_thread(rest)
    facts = {"kind": "join", "owner_ident": thread.ident, "owner_tid": thread.native_id}
    if sys.version_info < (3, 13):
        facts = {"kind": "lock", "type": "_thread.lock", "address": id(thread._tstate_lock)}
    say(pid=os.getpid(), waiter=os.getpid(), **facts)
    thread.join()


def mutex():
    libc = ctypes.CDLL(None)
    mutex = ctypes.create_string_buffer(64)
    held = threading.Event()

    def owner():
        libc.pthread_mutex_lock(mutex)
        held.set()
        rest()

    thread = in_thread(owner)
    held.wait()
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="mutex",
        type="pthread_mutex_t",
        address=ctypes.addressof(mutex),
        owner_tid=thread.native_id,
        owner_ident=None,
    )
    libc.pthread_mutex_lock(mutex)


def native_join():
    libc = ctypes.CDLL(None)
    ident = ctypes.c_ulong()
    before = set(os.listdir("/proc/self/task"))
    libc.pthread_create(ctypes.byref(ident), None, libc.pause, None)
    (tid,) = set(os.listdir("/proc/self/task")) - before
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="join",
        type="pthread_t",
        address=ident.value,
        owner_ident=ident.value,
        owner_tid=int(tid),
    )
    libc.pthread_join(ident, None)


def gil():
    waiter = in_thread(rest_briefly)
    wait_for_syscall(waiter.native_id, 270 if sys.version_info < (3, 11) else 230)
    say(
        pid=os.getpid(),
        waiter=waiter.native_id,
        kind="gil",
        owner_ident=threading.get_ident(),
        owner_tid=os.getpid(),
    )
    ctypes.PyDLL(None).sleep(1000)


def rest_briefly():
    while True:
        time.sleep(0.05)


def subclass():
    class Mine(type(threading.RLock())):
        pass

    lock = Mine()
    owner = held_by_thread(lock)
    say(
        pid=os.getpid(),
        waiter=os.getpid(),
        kind="rlock",
        type="Mine",
        address=id(lock),
        owner_ident=owner.ident,
        owner_tid=owner.native_id,
        count=1,
    )
    lock.acquire()


def _hold_process(lock, pipe):
    die_with_parent()
    lock.acquire()
    pipe.send((os.getpid(), threading.get_ident()))
    rest()


def _wait_process(lock):
    die_with_parent()
    lock.acquire()


def semaphore(method, name="Lock", kill="no"):
    context = multiprocessing.get_context(method)
    lock = getattr(context, name)()
    ours, theirs = context.Pipe()
    holder = context.Process(target=_hold_process, args=(lock, theirs), daemon=True)
    holder.start()
    pid, ident = ours.recv()
    waiter = context.Process(target=_wait_process, args=(lock,), daemon=True)
    waiter.start()
    alive = [os.getpid(), waiter.pid]
    if kill == "kill":
        holder.kill()
        holder.join()
    else:
        alive.append(pid)
    say(
        pid=waiter.pid,
        waiter=waiter.pid,
        pids=alive,
        kind="semaphore",
        type="_multiprocessing.SemLock",
        max_value=1,
        recursive=name == "RLock",
        holders=[] if kill == "kill" else [[pid, ident, 1]],
    )
    rest()


def false_co_owner():
    """A plain fork copies the count: two processes look like the holder."""
    lock = multiprocessing.get_context("fork").Lock()
    lock.acquire()
    ident = threading.get_ident()
    copy = os.fork()
    if not copy:
        die_with_parent()
        rest()
    context = multiprocessing.get_context("fork")
    waiter = context.Process(target=_wait_process, args=(lock,), daemon=True)
    waiter.start()
    say(
        pid=waiter.pid,
        waiter=waiter.pid,
        pids=[os.getpid(), copy, waiter.pid],
        kind="semaphore",
        type="_multiprocessing.SemLock",
        max_value=1,
        recursive=False,
        holders=[[os.getpid(), ident, 1], [copy, ident, 1]],
    )
    rest()


def many_threads(number):
    """Many threads, each in a lock of its own that main holds."""
    locks = [threading.RLock() for _ in range(int(number))]
    for lock in locks:
        lock.acquire()
    threads = [in_thread(lock.acquire) for lock in locks]
    say(
        pid=os.getpid(),
        idents=[[t.native_id, t.ident] for t in threads],
        owner_ident=threading.get_ident(),
    )
    rest()


if __name__ == "__main__":
    die_with_parent()
    globals()[sys.argv[1]](*sys.argv[2:])
