"""Pools of workers read as pools: who is idle, who works, who is stuck, what is queued.

Pools of the standard library are read from memory (`diag.model.pool`); servers
and test runners that make worker processes of their own by their frames.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from diag.analysis.completions import worker_in, workers_of
from diag.analysis.frames import place, user_frame
from diag.analysis.roles import machinery_role
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.pool import Pool, PoolKind
from diag.model.process import Process
from diag.model.report import PoolView
from diag.model.stack import Stack

_OF_THREADS = (PoolKind.THREADS, PoolKind.MULTIPROCESSING_THREADS)
_SHOWN_OUTLIERS = 4


class Framework(NamedTuple):
    """A framework whose worker processes are known by their frames.

    Attributes:
        name: of the framework.
        loop: file ending and function on the stack of a worker's main thread.
        task: file ending and functions on the stack of a thread that has a task.

    """

    name: str
    loop: tuple[str, str]
    task: tuple[str, frozenset[str]]


FRAMEWORKS = (
    Framework(
        "gunicorn",
        ("gunicorn/arbiter.py", "spawn_worker"),
        ("gunicorn/workers/{}.py", frozenset({"handle_request"})),
    ),
    Framework(
        "Celery",
        ("billiard/pool.py", "workloop"),
        ("celery/app/trace.py", frozenset({"trace_task", "fast_trace_task"})),
    ),
    Framework(
        "pytest-xdist",
        ("xdist/remote.py", "pytest_runtestloop"),
        ("_pytest/runner.py", frozenset({"pytest_runtest_protocol"})),
    ),
)


class Member(NamedTuple):
    """A worker: its pid or tid, the thread that has its task, None if it has none."""

    id: int
    busy: ThreadId | None


def pools_of(tree: Tree, dead: frozenset[ThreadId]) -> tuple[PoolView, ...]:
    """Return the pools of a tree.

    Args:
        tree: with stacks and pools.
        dead: threads that can never run again.

    """
    return (*_of_library(tree, dead), *_of_frameworks(tree, dead))


def _of_library(tree: Tree, dead: frozenset[ThreadId]) -> Iterator[PoolView]:
    for process in tree.processes.values():
        for pool in process.pools:
            yield _view(
                tree,
                dead,
                kind=pool.kind.value,
                pid=process.pid,
                members=_members(tree, process, pool),
                of_threads=pool.kind in _OF_THREADS,
                pool=pool,
            )


def _members(tree: Tree, owner: Process, pool: Pool) -> list[Member]:
    if pool.kind in _OF_THREADS:
        staff = workers_of(tree, owner, pool) or {}
        return [
            Member(thread_id.tid, thread_id if worker.busy else None)
            for thread_id, worker in staff.items()
        ]
    found = (worker_in(tree, owner, pool, pid) for pid in pool.pids)
    return [
        Member(thread_id.pid, thread_id if worker.busy else None)
        for thread_id, worker in (each for each in found if each is not None)
    ]


def _of_frameworks(tree: Tree, dead: frozenset[ThreadId]) -> Iterator[PoolView]:
    found: dict[tuple[str, int], list[Member]] = defaultdict(list)
    for process in tree.processes.values():
        for framework in FRAMEWORKS:
            main = tree.threads.get(ThreadId(process.pid, process.pid))
            if main is not None and _has(main.stack, framework.loop[0], {framework.loop[1]}):
                busy = _with_task(tree, dead, process, framework)
                found[framework.name, process.parent_pid].append(Member(process.pid, busy))
    for (name, owner), members in found.items():
        yield _view(tree, dead, kind=name, pid=owner, members=members)


def _with_task(
    tree: Tree, dead: frozenset[ThreadId], process: Process, framework: Framework
) -> ThreadId | None:
    """Return the thread of a worker that has a task: one that is stuck before one that is not."""
    file, functions = framework.task
    with_task = [
        thread_id
        for thread_id in tree.threads_of[process.pid]
        if _has(tree.threads[thread_id].stack, file, functions)
    ]
    return min(with_task, key=lambda thread_id: thread_id not in dead, default=None)


def _has(stack: Stack | None, file: str, functions: Iterable[str]) -> bool:
    folder, _, name = file.partition("{}")
    return any(
        frame.bare_name in functions and folder in frame.file and frame.file.endswith(name or file)
        for frame in (stack.own_frames if stack is not None else ())
    )


def _view(
    tree: Tree,
    dead: frozenset[ThreadId],
    *,
    kind: str,
    pid: int,
    members: list[Member],
    of_threads: bool = False,
    pool: Pool | None = None,
) -> PoolView:
    busy = [member for member in members if member.busy is not None]
    stuck = [member for member in busy if member.busy in dead]
    working = [member for member in busy if member.busy not in dead]
    owner = tree.processes.get(pid)
    return PoolView(
        kind=kind,
        pid=pid,
        of_threads=of_threads,
        idle=tuple(member.id for member in members if member.busy is None),
        working=tuple(member.id for member in working),
        stuck=tuple(member.id for member in stuck),
        starting=len(pool.pids) - len(members) if pool is not None and not of_threads else 0,
        queued=_queued(pool, len(busy)) if pool is not None else None,
        machinery=_machinery(owner) if owner is not None and not of_threads else {},
        outliers=tuple(_outliers(tree, stuck, working, len(members))),
    )


def _queued(pool: Pool, busy: int) -> int | None:
    """Return how many tasks wait; those of multiprocessing.Pool are in a pipe, uncounted."""
    match pool.kind:
        case PoolKind.THREADS | PoolKind.MULTIPROCESSING_THREADS:
            return pool.waiting
        case PoolKind.MULTIPROCESSING:
            return None
    return None if pool.waiting is None else max(pool.waiting - busy, 0)


def _machinery(owner: Process) -> dict[int, str]:
    roles = {thread.tid: machinery_role(thread.stack) for thread in owner.threads}
    return {tid: role for tid, role in roles.items() if role is not None}


def _outliers(tree: Tree, stuck: list[Member], working: list[Member], total: int) -> Iterator[str]:
    """Yield which workers are stuck, and which one alone has something to do."""
    for member in stuck[:_SHOWN_OUTLIERS]:
        yield f"worker {member.id} is stuck{_where(tree, member)}"
    if not stuck and len(working) == 1 and total > 2:
        yield f"only worker {working[0].id} has a task{_where(tree, working[0])}"


def _where(tree: Tree, member: Member) -> str:
    frame = user_frame(tree.threads[member.busy].stack) if member.busy is not None else None
    return f" in {place(frame)}" if frame is not None else ""
