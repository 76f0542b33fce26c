"""From a thread's state and system call to what it waits for."""

from typing import NamedTuple

from diag.collect import calls, polls
from diag.collect.requests import Call, Request, Words, unknown
from diag.collect.syscalls import syscall_name
from diag.model.thread import Syscall
from diag.model.wait import WaitKind

_READERS = calls.READERS | polls.READERS
_BY_STATE = {  # proc_pid_stat(5)
    "R": WaitKind.RUNNING,
    "D": WaitKind.DISK,
    "T": WaitKind.STOPPED,
    "t": WaitKind.TRACED,
    "Z": WaitKind.EXITED,
    "X": WaitKind.EXITED,
    "x": WaitKind.EXITED,
}
_LOWEST_64_BIT_STACK = 1 << 32
_FUTEX_WAIT_BITSET = 9


class Blocked(NamedTuple):
    """What the kernel says of one thread.

    Attributes:
        state: letter of its stat file.
        syscall: None if it runs, or if `unreadable` says why it is not known.
        wchan: kernel function it sleeps in, None if unknown.
        unreadable: why its syscall file could not be read, None if it could.

    """

    state: str
    syscall: Syscall | None
    wchan: str | None
    unreadable: str | None = None


class Understood(NamedTuple):
    """A request with the name of its call."""

    request: Request
    name: str | None


def understand(
    thread: Blocked, memory: Words, *, machine: str, realtime_to_monotonic_s: float
) -> Understood:
    """Tell what a thread waits for, in the target's own terms.

    Args:
        thread: its state and system call.
        memory: of its process.
        machine: as `uname -m`; the numbers of other machines than x86_64 and
            aarch64 are unknown.
        realtime_to_monotonic_s: what to add to CLOCK_REALTIME to get CLOCK_MONOTONIC.

    """
    if kind := _BY_STATE.get(thread.state):
        call = thread.syscall if kind is WaitKind.DISK else None
        return Understood(Request(kind), syscall_name(call.number, machine) if call else None)
    if thread.unreadable:
        return Understood(unknown(thread.unreadable), None)
    syscall = thread.syscall
    if syscall is None:  # it woke up between the two files
        return Understood(Request(WaitKind.RUNNING), None)
    if reason := _not_a_call(thread.state, syscall):
        return Understood(unknown(reason), None)
    name = syscall_name(syscall.number, machine)
    if name == "restart_syscall":
        name = _restarted(syscall, thread.wchan)
    reader = _READERS.get(name) if name else None
    if reader is None:
        shown = f"{name}()" if name else f"number {syscall.number}"
        return Understood(unknown(f"system call {shown} is not known to diag"), name)
    return Understood(reader(Call(syscall.args, memory, realtime_to_monotonic_s)), name)


def _not_a_call(state: str, syscall: Syscall) -> str | None:
    if state != "S":
        return f"state {state} is not known to diag"
    if syscall.number < 0:
        return "blocked outside of a system call: in a page fault, or frozen by its control group"
    if syscall.stack_pointer < _LOWEST_64_BIT_STACK:
        return "a 32-bit program, whose system calls diag does not know"
    return None


def _restarted(syscall: Syscall, wchan: str | None) -> str:
    """Name the call that a stop (a debugger, py-spy) turned into restart_syscall.

    The arguments survive. The kernel restarts only these by restart_syscall:
    poll, nanosleep, clock_nanosleep and the timed waits of futex.
    """
    where = wchan or ""
    if "futex" in where and syscall.args[1] & 0x7F in (0, _FUTEX_WAIT_BITSET):
        return "futex"
    if "poll" in where:
        return "poll"
    if "nanosleep" in where:
        return "nanosleep"
    return "restart_syscall"
