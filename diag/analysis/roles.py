"""Which part a process plays in its tree, and what its threads are called."""

from diag.analysis.idioms import Idiom, idiom_of
from diag.analysis.tree import Tree
from diag.model.ids import ThreadId
from diag.model.process import Process
from diag.model.stack import Stack
from diag.model.wait import WaitKind

# (file ending, bare function) that stands on the main thread's stack of a worker
_STANDARD_LOOPS = (
    ("concurrent/futures/process.py", "_process_worker"),
    ("multiprocessing/pool.py", "worker"),
)
_WORKER_LOOPS = (
    *_STANDARD_LOOPS,
    ("loky/process_executor.py", "_process_worker"),
    ("gunicorn/arbiter.py", "spawn_worker"),
    ("billiard/pool.py", "workloop"),
    ("xdist/remote.py", "pytest_runtestloop"),
)
# The same for threads that keep a pool going, the innermost first.
_MACHINERY = (
    ("multiprocessing/queues.py", "_feed", "feeder"),
    ("loky/backend/queues.py", "_feed", "feeder"),
    ("concurrent/futures/process.py", "run", "manager"),
    ("concurrent/futures/process.py", "_queue_management_worker", "manager"),  # 3.8
    ("loky/process_executor.py", "run", "manager"),
    ("multiprocessing/pool.py", "_handle_workers", "worker handler"),
    ("multiprocessing/pool.py", "_handle_tasks", "task handler"),
    ("multiprocessing/pool.py", "_handle_results", "result handler"),
)
# The same for servers: on the main thread's stack of a process, and on the server's own.
_SERVERS = (
    ("multiprocessing/managers.py", "_run_server"),
    ("multiprocessing/resource_sharer.py", "_serve"),
)
FORK_SERVER = "fork server"
_HELPERS = {
    "multiprocessing.resource_tracker": "resource tracker",
    "multiprocessing.forkserver": FORK_SERVER,
}


def role_of(tree: Tree, pid: int) -> str:
    """Return the role of a process in words: "main", "parent", "worker", ..."""
    process = tree.processes[pid]
    if process.state == "Z":
        return "zombie"
    helper = _helper(process)
    if helper is not None:
        return helper
    if works_for_a_pool(process):
        return "worker"
    if process.interpreter is None:
        return process.name
    if pid == tree.snapshot.root.pid:
        return "parent" if tree.children_of[pid] else "main"
    return "child"


def _helper(process: Process) -> str | None:
    if process.forked_without_exec:
        return None
    command = " ".join(process.command)
    return next((role for sign, role in _HELPERS.items() if sign in command), None)


def is_helper(process: Process) -> bool:
    """Return whether it is a process that multiprocessing started for itself."""
    return _helper(process) is not None


def works_for_a_pool(process: Process) -> bool:
    """Return whether the main thread runs the loop of a pool's worker."""
    return _runs(process, _WORKER_LOOPS)


def works_for_a_standard_pool(process: Process) -> bool:
    """Return whether it is one of the standard library's pools, which kill no worker themselves."""
    return _runs(process, _STANDARD_LOOPS)


def _runs(process: Process, loops: tuple[tuple[str, str], ...]) -> bool:
    stack = _main_stack(process)
    if stack is None:
        return False
    return any(
        frame.bare_name == function and frame.file.endswith(file)
        for frame in stack.own_frames
        for file, function in loops
    )


def _main_stack(process: Process) -> Stack | None:
    return next((t.stack for t in process.threads if t.tid == process.pid), None)


def serves_the_program(tree: Tree, thread_id: ThreadId) -> bool:
    """Return whether a thread is of a server that multiprocessing started for the program.

    That is the fork server, the process of a manager, or the thread that hands descriptors
    to workers.
    """
    process = tree.processes[thread_id.pid]
    if is_helper(process):
        return True
    stacks = (_main_stack(process), tree.threads[thread_id].stack)
    return any(
        frame.bare_name == function and frame.file.endswith(file)
        for stack, (file, function) in zip(stacks, _SERVERS, strict=True)
        for frame in (stack.own_frames if stack is not None else ())
    )


def machinery_role(stack: Stack | None) -> str | None:
    """Return what a thread does to keep a pool going: "manager", "feeder", ..."""
    for frame in stack.own_frames if stack is not None else ():
        for file, function, role in _MACHINERY:
            if frame.bare_name == function and frame.file.endswith(file):
                return role
    return None


def ends_broken_pool(stack: Stack | None) -> bool:
    """Return whether a thread ends an executor's pool that the death of a worker broke."""
    return any(
        frame.bare_name == "terminate_broken" and frame.file.endswith("futures/process.py")
        for frame in (stack.frames if stack is not None else ())
    )


def thread_name(tree: Tree, thread_id: ThreadId) -> str:
    """Return the name that the program gave the thread, else the kernel's."""
    thread = tree.threads[thread_id]
    if thread.stack is not None and thread.stack.thread_name:
        return thread.stack.thread_name
    return "MainThread" if thread_id.tid == thread_id.pid else thread.name


def is_pool_thread(stack: Stack | None) -> bool:
    """Return whether the thread is a worker of a pool of threads, idle or not."""
    frames = stack.frames if stack else ()
    return any(
        frame.bare_name == "_worker" and frame.file.endswith("concurrent/futures/thread.py")
        for frame in frames
    )


def is_idle_worker(tree: Tree, thread_id: ThreadId) -> bool:
    """Return whether the thread is a pool's and waits for a task: never hung by itself."""
    thread = tree.threads[thread_id]
    stack = thread.stack
    if stack is None or not stack.frames:
        return False
    if _in_thread_pool_loop(stack):
        return True
    if not _is_pool_loop(stack):
        return False
    waits = (WaitKind.READ, WaitKind.SHARED_LOCK)
    return thread.wait.kind in waits and idiom_of(stack) is Idiom.QUEUE_GET


def _in_thread_pool_loop(stack: Stack) -> bool:
    top = stack.frames[0]
    return top.bare_name == "_worker" and top.file.endswith("concurrent/futures/thread.py")


def _is_pool_loop(stack: Stack) -> bool:
    """Whether only the pool's own loop stands between the wait and the process's start."""
    for frame in stack.frames:
        for file, function in _WORKER_LOOPS:
            if frame.bare_name == function and frame.file.endswith(file):
                return True
        if not frame.file.endswith(
            ("queues.py", "connection.py", "synchronize.py", "pool.py", "process.py")
        ):
            return False
    return False
