"""The threads of a process that do nothing for the program, told by themselves."""

from collections.abc import Mapping
from typing import NamedTuple

from diag.analysis.keepers import loop_of, receives_orders, runs_a_test
from diag.model.ids import ThreadId
from diag.model.lock import LockKind
from diag.model.thread import Thread
from diag.model.wait import WaitKind


class Bystanders(NamedTuple):
    """The bystanders of one process.

    Attributes:
        harmless: those that never release a lock of Python.
        idle: those that could not unless another thread of the process wakes them first.
        roles: what they are, in words, where that is known.

    """

    harmless: frozenset[ThreadId]
    idle: frozenset[ThreadId]
    roles: dict[ThreadId, str]


def bystanders_among(threads: Mapping[ThreadId, Thread]) -> Bystanders:
    """Return the bystanders among the threads of a process."""
    harmless, idle, roles = set(), set(), {}
    testing = any(runs_a_test(thread) for thread in threads.values())
    for thread_id, thread in threads.items():
        loop = loop_of(thread) if thread.native is None else None
        if loop is not None:
            harmless.add(thread_id)
            roles[thread_id] = f"{loop}: it does nothing for the program"
        elif testing and receives_orders(thread):
            harmless.add(thread_id)
            roles[thread_id] = "pytest-xdist's: it takes orders for after the test"
        elif thread.native is not None:
            if thread.native.harmless:
                harmless.add(thread_id)
            elif _is_idle(thread):
                idle.add(thread_id)
            if thread.native.role is not None:
                roles[thread_id] = f"{thread.native.role}: it runs no Python"
    return Bystanders(frozenset(harmless), frozenset(idle), roles)


def _is_idle(thread: Thread) -> bool:
    wait = thread.wait
    if wait.kind is not WaitKind.LOCK or wait.timed or wait.unknown:
        return False
    return wait.lock is not None and wait.lock.kind is LockKind.UNKNOWN
