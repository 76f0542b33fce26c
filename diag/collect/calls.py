"""System calls that wait, each with what its arguments say; sets of descriptors are in `polls`."""

from diag.collect.memory import MemoryUnreadableError
from diag.collect.requests import (
    Awaited,
    Call,
    Children,
    Direction,
    Opened,
    Reader,
    Request,
    unknown,
)
from diag.model.wait import Futex, WaitKind

FUTEX_PRIVATE = 128  # linux/futex.h
FUTEX_CLOCK_REALTIME = 256
_FUTEX_WAIT, _FUTEX_LOCK_PI, _FUTEX_WAIT_BITSET = 0, 6, 9
_FUTEX_WAIT_REQUEUE_PI, _FUTEX_LOCK_PI2 = 11, 13
_FUTEX_WAITS = frozenset(
    {_FUTEX_WAIT, _FUTEX_LOCK_PI, _FUTEX_WAIT_BITSET, _FUTEX_WAIT_REQUEUE_PI, _FUTEX_LOCK_PI2}
)
_CLOCK_REALTIME, _CLOCK_MONOTONIC, _TIMER_ABSTIME = 0, 1, 1  # linux/time.h
_F_SETLKW, _F_OFD_SETLKW = 7, 38  # linux/fcntl.h, 64-bit machines
_AT_FDCWD = -100


def read_futex(call: Call) -> Request:
    """futex(2): private or shared, with or without a deadline."""
    address, operation, value, timeout = call.args[:4]
    operation &= 0xFFFFFFFF
    command = operation & 0x7F
    if command not in _FUTEX_WAITS:
        return unknown(f"futex operation {operation:#x} is no wait that diag knows")
    deadline_s = None
    if timeout and command != _FUTEX_WAIT:  # FUTEX_WAIT's is relative, its start unknown
        realtime = command == _FUTEX_LOCK_PI or bool(operation & FUTEX_CLOCK_REALTIME)
        deadline_s = call.deadline(timeout, realtime=realtime)
    return Request(
        WaitKind.LOCK if operation & FUTEX_PRIVATE else WaitKind.SHARED_LOCK,
        timed=timeout != 0,
        deadline_s=deadline_s,
        futex=Futex(address=address, operation=operation, value=value & 0xFFFFFFFF),
    )


def read_clock_nanosleep(call: Call) -> Request:
    """clock_nanosleep(2): with TIMER_ABSTIME the deadline is known."""
    clock, flags, until = call.i32(0), call.args[1], call.args[2]
    deadline_s = None
    if flags & _TIMER_ABSTIME and clock in (_CLOCK_REALTIME, _CLOCK_MONOTONIC):
        deadline_s = call.deadline(until, realtime=clock == _CLOCK_REALTIME)
    return Request(WaitKind.SLEEP, timed=True, deadline_s=deadline_s)


def read_wait4(call: Call) -> Request:
    """wait4(2): a pid, any child, or a process group."""
    pid = call.i32(0)
    if pid > 0:
        return Request(WaitKind.CHILD, children=Children("pid", pid))
    if pid == -1:
        return Request(WaitKind.CHILD, children=Children("any"))
    return Request(WaitKind.CHILD, children=Children("group", -pid))


def read_waitid(call: Call) -> Request:
    """waitid(2): P_ALL, P_PID, P_PGID, P_PIDFD (linux/wait.h)."""
    exited = 4  # WEXITED
    if not call.args[3] & exited:
        return unknown("waitid() waits for a child to stop or continue, not to exit")
    match call.i32(0):
        case 0:
            children = Children("any")
        case 1:
            children = Children("pid", call.i32(1))
        case 2:
            children = Children("group", call.i32(1))
        case 3:
            children = Children("pidfd", call.i32(1))
        case other:
            return unknown(f"waitid() with an id type {other} that diag does not know")
    return Request(WaitKind.CHILD, children=children)


def read_fcntl(call: Call) -> Request:
    """fcntl(2): only the locking commands wait."""
    command = call.i32(1)
    if command not in (_F_SETLKW, _F_OFD_SETLKW):
        return unknown(f"fcntl() command {command} is not known to wait")
    return _descriptor(WaitKind.FILE_LOCK, "write")(call)


def read_open(call: Call, *, path: int = 0, directory: int | None = None) -> Request:
    """open(2), openat(2): waits in a FIFO for the other end (or in a slow file system)."""
    access = call.args[path + 1] & 0o3  # O_RDONLY 0, O_WRONLY 1
    at = call.i32(directory) if directory is not None else _AT_FDCWD
    try:
        name = call.memory.c_string(call.args[path], limit=4096)
    except MemoryUnreadableError:
        return unknown("the path that is being opened could not be read")
    opened = Opened(name, None if at == _AT_FDCWD else at, "read" if access == 0 else "write")
    return Request(WaitKind.OPEN, opened=opened)


def _descriptor(kind: WaitKind, direction: Direction, *, timeout: int | None = None) -> Reader:
    def read(call: Call) -> Request:
        timed = timeout is not None and call.args[timeout] != 0
        return Request(kind, timed=timed, awaited=(Awaited(call.i32(0), direction),))

    return read


def _copy(source: int, target: int) -> Reader:
    """Calls that move data between two descriptors wait on either."""

    def read(call: Call) -> Request:
        ends = (Awaited(call.i32(target), "write"), Awaited(call.i32(source), "read"))
        return Request(WaitKind.WRITE, awaited=ends)

    return read


def _plain(kind: WaitKind, *, timed: bool = False) -> Reader:
    return lambda _call: Request(kind, timed=timed)


def _openat(call: Call) -> Request:
    return read_open(call, path=1, directory=0)


def _signal(call: Call) -> Request:
    return Request(WaitKind.SIGNAL, timed=call.args[2] != 0)


def _opaque(reason: str, *, timeout: int | None = None) -> Reader:
    def read(call: Call) -> Request:
        timed = timeout is not None and call.args[timeout] != 0
        return Request(WaitKind.UNKNOWN, timed=timed, unknown=reason)

    return read


_READ = _descriptor(WaitKind.READ, "read")
_WRITE = _descriptor(WaitKind.WRITE, "write")
_DISK = _plain(WaitKind.DISK)
_SEMAPHORE = "a System V semaphore: the kernel does not tell who could raise it"
_QUEUE = "a message queue: the kernel does not tell who could use it"
_RING = "an io_uring or aio completion: its requests cannot be seen"

READERS: dict[str, Reader] = {
    "futex": read_futex,
    "futex_wait": _opaque("a futex2 call, which diag does not read"),
    "futex_waitv": _opaque("a wait for several futexes at once, which diag does not read"),
    "nanosleep": _plain(WaitKind.SLEEP, timed=True),
    "clock_nanosleep": read_clock_nanosleep,
    **dict.fromkeys(("read", "readv", "pread64", "preadv", "preadv2"), _READ),
    **dict.fromkeys(("recvfrom", "recvmsg"), _READ),
    "recvmmsg": _descriptor(WaitKind.READ, "read", timeout=4),
    **dict.fromkeys(("write", "writev", "pwrite64", "pwritev", "pwritev2"), _WRITE),
    **dict.fromkeys(("sendto", "sendmsg", "sendmmsg"), _WRITE),
    "sendfile": _copy(source=1, target=0),
    "splice": _copy(source=0, target=2),
    "tee": _copy(source=0, target=1),
    "vmsplice": _descriptor(WaitKind.WRITE, "write"),
    "accept": _descriptor(WaitKind.ACCEPT, "read"),
    "accept4": _descriptor(WaitKind.ACCEPT, "read"),
    "connect": _descriptor(WaitKind.CONNECT, "write"),
    "wait4": read_wait4,
    "waitid": read_waitid,
    "pause": _plain(WaitKind.SIGNAL),
    "rt_sigsuspend": _plain(WaitKind.SIGNAL),
    "rt_sigtimedwait": _signal,
    "flock": _descriptor(WaitKind.FILE_LOCK, "write"),
    "fcntl": read_fcntl,
    "open": read_open,
    "creat": lambda call: read_open(call._replace(args=(call.args[0], 1, *call.args[2:]))),
    "openat": _openat,
    "openat2": _opaque("openat2() is not read"),
    **dict.fromkeys(("fsync", "fdatasync", "sync", "syncfs", "msync"), _DISK),
    **dict.fromkeys(("io_uring_enter", "io_getevents", "io_pgetevents"), _opaque(_RING)),
    "semop": _opaque(_SEMAPHORE),
    "semtimedop": _opaque(_SEMAPHORE, timeout=3),
    **dict.fromkeys(("msgsnd", "msgrcv"), _opaque(_QUEUE)),
    "mq_timedsend": _opaque(_QUEUE, timeout=4),
    "mq_timedreceive": _opaque(_QUEUE, timeout=4),
    "ioctl": _opaque("ioctl() may wait for anything"),
}
