"""One look at a tree: everything once, and a second sweep that tells who has moved.

Nothing is paused: `/proc` and memory are read while the target runs, and py-spy
is asked not to stop it.
"""

import time
from collections.abc import Callable, Iterable

import msgspec

from diag import __version__
from diag.analysis.circles import has_circles
from diag.analysis.tree import Tree
from diag.collect.cpython import add_objects, add_subjects, subject_reader
from diag.collect.freezer import add_frozen
from diag.collect.host import read_host
from diag.collect.inflight import add_in_flight
from diag.collect.limits import read_limits
from diag.collect.silence import add_silence
from diag.collect.stacks import StackAsker, add_stacks
from diag.collect.sweep import sweep
from diag.collect.timeouts import add_socket_timeouts
from diag.errors import TargetGoneError
from diag.model.codec import Line
from diag.model.lock import LockKind
from diag.model.recording import FORMAT, End, Header, Recording
from diag.model.snapshot import Snapshot
from diag.model.wait import WaitKind
from diag.watching.meanwhile import count_until

LOOK_S = 1.0
_ENDED = "ZXx"  # states of a thread that has ended, in /proc/PID/stat
LONGEST_LOOK_S = 6.0  # shows the growth that rules ask for, also where it begins late

Progress = Callable[[str], None]
Record = Callable[[Line], None]


def _silent(_text: object) -> None:
    """Take no notice."""


def look(
    pid: int,
    *,
    for_s: float | None = None,
    stacks: bool = True,
    show_locals: bool = False,
    progress: Progress = _silent,
    record: Record = _silent,
) -> Recording:
    """Look at a tree twice: everything once, then again to see what has moved.

    Args:
        pid: the root of the tree.
        for_s: seconds from the first look to the second; None for one, and up to six while
            memory, threads, descriptors or children become more.
        stacks: whether to ask py-spy.
        show_locals: whether to keep the values of variables, masked.
        progress: called with what is being done.
        record: takes each line of the recording as soon as it exists.

    Raises:
        TargetGoneError: there is no such process, or it ended meanwhile.
        TargetForbiddenError: nothing of it may be read.

    """
    header = make_header()
    record(header)
    first = _everything(pid, stacks=stacks, show_locals=show_locals, progress=progress)
    record(first)
    progress("counting until the second look")
    samples, activities = count_until(
        first,
        first.started_s + (LOOK_S if for_s is None else for_s),
        record=record,
        at_latest_s=first.started_s + LONGEST_LOOK_S if for_s is None else None,
    )
    second = second_look(first)
    record(second)
    end = End(because="done")
    record(end)
    return Recording(
        header=header,
        snapshots=(first, second),
        samples=samples,
        activities=activities,
        end=end,
    )


def snapshot(
    pid: int, *, stacks: bool = True, show_locals: bool = False, progress: Progress = _silent
) -> Recording:
    """Look at a tree once; for the arguments see `look`.

    Raises:
        TargetGoneError: there is no such process.
        TargetForbiddenError: nothing of it may be read.

    """
    first = _everything(pid, stacks=stacks, show_locals=show_locals, progress=progress)
    return Recording(header=make_header(), snapshots=(first,), end=End(because="done"))


def make_header() -> Header:
    """Return the first line of a recording that begins now, on this machine."""
    return Header(
        format=FORMAT,
        diag_version=__version__,
        host=read_host(),
        started_at_unix_s=time.time(),
    )


def _everything(pid: int, *, stacks: bool, show_locals: bool, progress: Progress) -> Snapshot:
    """Look at everything once; py-spy is asked while locks are read, as both take long."""
    seen = _sweep(pid, (), progress)
    root = seen.processes[0]
    if all(thread.state in _ENDED for thread in root.threads):
        raise TargetGoneError(
            f"process {pid} has ended, and its parent has not collected it",
            hint=f"look at its parent, {root.parent_pid}",
        )
    if not stacks:
        return _with_limits(add_objects(seen))
    with StackAsker(show_locals=show_locals) as asker:
        seen = add_objects(seen, recognised=asker.begin)
        progress(f"asking py-spy for the stacks of {len(seen.processes)} processes")
        seen = asker.finish(seen, then=subject_reader())
    return _with_limits(seen)


def first_look(
    pid: int,
    *,
    also: Iterable[int] = (),
    wants_stacks: Callable[[Snapshot], bool],
    add_stacks: Callable[[Snapshot], Snapshot] = add_stacks,
    progress: Progress = _silent,
) -> Snapshot:
    """Look at everything once, and at stacks if what was seen so far asks for them.

    Args:
        pid: the root of the tree.
        also: processes of the tree that do not descend from the root any more.
        wants_stacks: told what was seen so far, whether py-spy is to be asked.
        add_stacks: asks py-spy.
        progress: called with what is being done.

    Raises:
        TargetGoneError: there is no such process.
        TargetForbiddenError: nothing of it may be read.

    """
    seen = add_objects(_sweep(pid, also, progress))
    if wants_stacks(seen):
        progress(f"asking py-spy for the stacks of {len(seen.processes)} processes")
        seen = add_subjects(add_stacks(seen))
    return _with_limits(seen)


def _sweep(pid: int, also: Iterable[int], progress: Progress) -> Snapshot:
    progress("reading the process tree")
    seen = add_silence(add_in_flight(add_socket_timeouts(_swept(pid, also))))
    progress(f"reading locks of {len(seen.processes)} processes")
    return seen


def second_look(first: Snapshot, *, also: Iterable[int] = ()) -> Snapshot:
    """Look again at the tree of `first`, to tell who has moved since.

    Raises:
        TargetGoneError: it has ended.
        TargetForbiddenError: nothing of it may be read any more.

    """
    second = _swept(first.root.pid, also)
    if second.root != first.root:
        raise TargetGoneError(f"process {first.root.pid} ended, and its pid was given to another")
    if _is_worth_a_deep_look(first):
        second = add_objects(second)
    return msgspec.structs.replace(second, confirms_s=first.started_s)


def _swept(pid: int, also: Iterable[int]) -> Snapshot:
    return add_frozen(sweep(pid, also=also))


def _with_limits(seen: Snapshot) -> Snapshot:
    root, *others = seen.processes
    limited = msgspec.structs.replace(root, limits=read_limits(root.pid))
    return msgspec.structs.replace(seen, processes=(limited, *others))


def _is_worth_a_deep_look(first: Snapshot) -> bool:
    """Whether what was read from memory may tell more when it is read again.

    A GIL that changes hands, an event loop that goes round, a thread that runs; tasks that
    await each other, which are not read at one moment.
    """
    return has_circles(Tree(first)) or any(
        (thread.wait.kind is WaitKind.RUNNING and thread.ident is not None)
        or (thread.wait.lock is not None and thread.wait.lock.kind is LockKind.GIL)
        or (thread.loop is not None and thread.loop.callback is not None)
        for _, _, thread in first.threads()
    )
