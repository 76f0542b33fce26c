"""The lock a thread waits for, as read from the target's memory."""

from enum import StrEnum

from diag.model.base import Record


class LockKind(StrEnum):
    """What kind of object a futex belongs to."""

    LOCK = "lock"  # _thread.lock, under Lock, Condition, Event, Queue, join up to 3.12
    RLOCK = "rlock"
    BUFFER = "buffer"  # the lock inside io.Buffered{Reader,Writer,Random}
    SIMPLE_QUEUE = "simple-queue"
    JOIN = "join"  # the done event of a ThreadHandle, 3.13 and later
    SEMAPHORE = "semaphore"  # _multiprocessing.SemLock
    MUTEX = "mutex"  # a native pthread_mutex
    GIL = "gil"
    UNKNOWN = "unknown"


class SemaphoreHolder(Record, frozen=True):
    """A process whose `SemLock` for a shared semaphore has count > 0.

    Attributes:
        pid: the holding process.
        ident: pthread id of the thread that took it last (`last_tid`).
        count: how often the process holds it.
        inside_with: whether that thread is inside of a `with` statement on it.

    """

    pid: int
    ident: int
    count: int
    inside_with: bool = False


class Semaphore(Record, frozen=True):
    """The shared side of a multiprocessing lock.

    Attributes:
        key: "device:inode:offset" of the futex in the shared mapping: the same
            in every process.
        value: the semaphore's count; 0 means taken.
        max_value: 1 for Lock and RLock.
        recursive: True for RLock (kind 0 of SemLock).
        holders: processes of the tree that hold it.
        mapped_by: pids that map the memory, inside the tree or not.
        unread: those of them whose own count could not be read.

    """

    key: str
    value: int
    max_value: int
    recursive: bool = False
    holders: tuple[SemaphoreHolder, ...] = ()
    mapped_by: tuple[int, ...] = ()
    unread: tuple[int, ...] = ()


class ParentCopy(Record, frozen=True):
    """The same lock object in the process that was forked, as it is now.

    Attributes:
        pid: the parent.
        locked: None if something else is at its place by now.
        holder_ident: pthread id of the parent's thread inside a `with` on it, None if
            there is none, or not exactly one.

    """

    pid: int
    locked: bool | None = None
    holder_ident: int | None = None


class Candidate(Record, frozen=True):
    """A thread that seems to hold a lock that it did not take by `with`.

    Attributes:
        ident: its pthread id.
        name: how its code calls the lock where it takes it: "self._lock".
        function: the function that takes it.
        file: of its code, as the interpreter knows it.
        line: of the call of acquire(), or where it stands inside of a `with` on an
            object that takes the lock.

    """

    ident: int
    name: str
    function: str
    file: str
    line: int


class Lock(Record, frozen=True):
    """The object behind a futex wait.

    Attributes:
        kind: what it is; UNKNOWN if only the futex is known.
        address: address of the Python object (of the mutex for MUTEX and GIL),
            None if it was not found.
        type_name: `tp_name` of the object: "_thread.RLock".
        locked: the state read from the object, None if not known.
        owner_ident: pthread id of the owner where the object records it
            (RLOCK, BUFFER), of the joined thread for JOIN, of the holder for GIL,
            of the one thread inside a `with` statement on a LOCK.
        owner_source: "with" if the owner is known by its `with` statement, which
            it may yet have left by other means; None if the object records it.
        owner_reused: whether an RLOCK may have been left locked by an earlier thread
            that has ended, or was not copied by a fork, whose ident the owner was given;
            None if that is not known.
        owner_tid: kernel thread id of the owner in the observer's namespace
            (MUTEX records it).
        owner_ended: whether it records an owner (MUTEX) that is no thread of the process.
        count: recursion depth of an RLock, 0 if not known.
        semaphore: the shared side, for SEMAPHORE.
        parent_copy: of a LOCK without known owner in a forked process, None if not read.
        owner_unknown: why no owner can be named, None if one is.
        candidates: of a LOCK without known owner: the threads whose code took it before
            the line where they stand, and did not give it back.
        others: pthread ids of the threads that might yet release it: their frames name
            it, and `release`; or their frames could not be read. Of use with candidates.
        nobody: whether the frames of all Python threads were read, and none but who waits
            for it is in a function of the program's own that acquires or releases anything.

    """

    kind: LockKind
    address: int | None = None
    type_name: str | None = None
    locked: bool | None = None
    owner_ident: int | None = None
    owner_source: str | None = None
    owner_reused: bool | None = None
    owner_tid: int | None = None
    owner_ended: bool = False
    count: int = 0
    semaphore: Semaphore | None = None
    parent_copy: ParentCopy | None = None
    owner_unknown: str | None = None
    candidates: tuple[Candidate, ...] = ()
    others: tuple[int, ...] = ()
    nobody: bool = False
