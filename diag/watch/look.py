"""One look at a tree: everything once, and a second sweep that tells who has moved.

Nothing is paused: `/proc` and memory are read while the target runs, and py-spy
is asked not to stop it.
"""

import time
from collections.abc import Callable

import msgspec

from diag import __version__
from diag.collect.cpython import add_objects
from diag.collect.host import read_host
from diag.collect.limits import read_limits
from diag.collect.stacks import add_stacks
from diag.collect.sweep import sweep
from diag.errors import TargetGoneError
from diag.model.codec import encode_line
from diag.model.lock import LockKind
from diag.model.recording import FORMAT, End, Header, Recording
from diag.model.snapshot import Snapshot
from diag.watch.meanwhile import count_until

Progress = Callable[[str], None]
Record = Callable[[bytes], None]


def _silent(_text: object) -> None:
    """Take no notice."""


def look(
    pid: int,
    *,
    for_s: float = 1.0,
    stacks: bool = True,
    progress: Progress = _silent,
    record: Record = _silent,
) -> Recording:
    """Look at a tree twice: everything once, then again to see what has moved.

    Args:
        pid: the root of the tree.
        for_s: seconds from the first look to the second.
        stacks: whether to ask py-spy.
        progress: called with what is being done.
        record: called with each line of the recording as soon as it exists.

    Raises:
        TargetGoneError: there is no such process, or it ended meanwhile.
        TargetForbiddenError: nothing of it may be read.

    """
    header = _header()
    record(encode_line(header))
    first = _deep_sweep(pid, stacks=stacks, progress=progress)
    record(encode_line(first))
    progress("counting until the second look")
    samples, activities = count_until(first, first.started_s + for_s, record=record)
    second = sweep(pid)
    if second.root != first.root:
        raise TargetGoneError(f"process {pid} ended, and its pid was given to another")
    if _somebody_waits_for_a_gil(first):
        second = add_objects(second)
    record(encode_line(second))
    end = End(because="done")
    record(encode_line(end))
    return Recording(
        header=header,
        snapshots=(first, second),
        samples=samples,
        activities=activities,
        end=end,
    )


def snapshot(pid: int, *, stacks: bool = True, progress: Progress = _silent) -> Recording:
    """Look at a tree once.

    Raises:
        TargetGoneError: there is no such process.
        TargetForbiddenError: nothing of it may be read.

    """
    first = _deep_sweep(pid, stacks=stacks, progress=progress)
    return Recording(header=_header(), snapshots=(first,), end=End(because="done"))


def _header() -> Header:
    return Header(
        format=FORMAT,
        diag_version=__version__,
        host=read_host(),
        started_at_unix_s=time.time(),
    )


def _deep_sweep(pid: int, *, stacks: bool, progress: Progress) -> Snapshot:
    progress("reading the process tree")
    seen = sweep(pid)
    progress(f"reading locks of {len(seen.processes)} processes")
    seen = add_objects(seen)
    if stacks:
        progress(f"asking py-spy for the stacks of {len(seen.processes)} processes")
        seen = add_stacks(seen)
    return _with_limits(seen)


def _with_limits(seen: Snapshot) -> Snapshot:
    root, *others = seen.processes
    limited = msgspec.structs.replace(root, limits=read_limits(root.pid))
    return msgspec.structs.replace(seen, processes=(limited, *others))


def _somebody_waits_for_a_gil(seen: Snapshot) -> bool:
    locks = (thread.wait.lock for _, _, thread in seen.threads())
    return any(lock is not None and lock.kind is LockKind.GIL for lock in locks)
