"""Main waits for a plain lock; the argument says how another thread came to have it.

Prints as JSON what is true. Runs on 3.9 and later; ends when its parent ends.
"""

import contextlib
import multiprocessing
import os
import sys
import threading

from blocked import die_with_parent, in_thread, rest, say

lock, other = threading.Lock(), threading.Lock()
held = threading.Event()


def park():
    held.set()
    rest()


def simple():
    with lock:
        park()


def event():
    with lock:
        held.set()
        threading.Event().wait()


def nested():
    with other, lock:
        park()


def deep(depth=20):
    return deep(depth - 1) if depth else park()


def below():
    with lock:
        deep()


def after_exception():
    try:
        with other:
            raise KeyError
    except KeyError:
        with lock:
            try:
                with other:
                    park()
            finally:
                pass


def in_handler():
    with lock:
        try:
            raise KeyError
        except KeyError:
            park()


def from_list():
    for turn in range(3):
        with [lock][0]:
            if turn == 2:
                park()


def in_generator():
    def produce():
        with lock:
            park()
            yield 1

    list(produce())


@contextlib.contextmanager
def locked(*locks):
    with contextlib.ExitStack() as stack:
        for each in locks:
            stack.enter_context(each)
        yield


def by_generator():
    @contextlib.contextmanager
    def entered():
        with lock:
            yield

    with entered():
        park()


def by_stack():
    with contextlib.ExitStack() as stack:
        stack.enter_context(other)
        stack.enter_context(lock)
        park()


def by_generator_with_stack():
    with other, locked(lock):
        park()


def by_stack_of_generators():
    with contextlib.ExitStack() as stack:
        stack.enter_context(locked(locked(lock)))
        park()


def condition_in_stack():
    with contextlib.ExitStack() as stack:
        stack.enter_context(threading.Condition(lock))
        park()


def after_stack():
    """It is inside of an ExitStack that has left the lock; another thread has it."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(lock)
        stack.close()
        in_thread(by_acquire)
        rest()


def after_generator():
    with contextlib.suppress(KeyError), locked(lock):
        raise KeyError
    by_acquire()


def pushed():
    """It will leave a lock that it has not entered."""
    with contextlib.ExitStack() as stack:
        stack.push(lock)
        in_thread(by_acquire)
        rest()


def condition_of_another_lock():
    condition = threading.Condition(other)
    with lock, condition:
        held.set()
        condition.wait()


def by_acquire():
    lock.acquire()
    park()


def after_with():
    with lock:
        pass
    by_acquire()


def released_by_condition():
    """It is inside a `with` on the lock, and does not hold it: another thread does."""
    condition = threading.Condition(lock)
    with lock:
        in_thread(by_acquire)
        condition.wait()


def itself():
    with lock:
        held.set()
        with lock:
            pass


def forked():
    """The parent is inside a `with` when it forks: in the child nobody ever leaves it."""
    context = multiprocessing.get_context("fork")
    with lock:
        child = context.Process(target=lock.acquire)
        child.start()
        say(pid=child.pid, waiter=child.pid, kind="lock", type="_thread.lock", address=id(lock))
        rest()


PROVEN = [
    simple,
    event,
    nested,
    below,
    after_exception,
    in_handler,
    from_list,
    in_generator,
    by_generator,
    by_stack,
    by_generator_with_stack,
    by_stack_of_generators,
    condition_in_stack,
    condition_of_another_lock,
    itself,
]

if __name__ == "__main__":
    die_with_parent()
    shape = globals()[sys.argv[1]]
    if shape is forked:
        forked()
    owner = in_thread(shape)
    held.wait()
    facts = {"owner_ident": owner.ident, "owner_tid": owner.native_id} if shape in PROVEN else {}
    say(
        pid=os.getpid(),
        waiter=owner.native_id if shape is itself else os.getpid(),
        kind="lock",
        type="_thread.lock",
        address=id(lock),
        **facts,
    )
    with lock:  # it waits where a holder would be
        pass
