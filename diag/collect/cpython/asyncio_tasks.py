"""The unfinished tasks and the event loops of asyncio in one process."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from diag.collect.cpython.awaits import Awaited, Step, find_awaited, is_concurrent
from diag.collect.cpython.coroutines import Coroutines
from diag.collect.cpython.entered import Entered
from diag.collect.cpython.event_loops import read_loop
from diag.collect.cpython.exceptiontable import depth_around_await
from diag.collect.cpython.framelayout import FrameLayout
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.futures import LAYOUTS, TASK, Futures
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.places import Places
from diag.collect.cpython.task_sets import tasks_of_module, tasks_of_thread
from diag.collect.cpython.values import Values
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.model.aio import AioTask, Loop

# Functions of asyncio that have its module `tasks` among their globals.
_ROOTS = frozenset(("_run_once", "run_forever", "run_until_complete", "run"))


@dataclass
class Asyncio:
    """What was found in a process: its unfinished tasks, its loops by thread ident."""

    tasks: tuple[AioTask, ...] = ()
    loops: dict[int, Loop] = field(default_factory=dict)


@dataclass(frozen=True)
class _Stack:
    """The frames of a thread, innermost first, as far as they could be read."""

    state: int
    ident: int
    steps: tuple[Step, ...]


def read_asyncio(interior: Interior, layout: FrameLayout) -> Asyncio:
    """Return the tasks and loops of a process; nothing if it runs no loop.

    Raises:
        MemoryBudgetError: the process has used up what it was allowed.

    """
    if interior.version not in LAYOUTS:
        return Asyncio()
    return _Reader(interior, layout).read()


class _Reader:
    def __init__(self, interior: Interior, layout: FrameLayout) -> None:
        memory, version = interior.memory, interior.version
        self._interior = interior
        self._memory = memory
        self._pair = layout.pair
        self._values = Values(memory, interior.types, version)
        self._frames = Frames(memory, interior.types, layout)
        self._places = Places(memory, self._values, layout, version)
        self._futures = Futures(memory, self._values, version)
        self._coroutines = Coroutines(memory, self._values, self._frames, layout)
        self._entered = Entered(memory, interior.types, layout, version)

    def read(self) -> Asyncio:
        stacks = [stack for stack in map(self._stack, self._states()) if stack is not None]
        if not stacks:
            return Asyncio()
        on_stack = {
            step.frame.address: (stack, number)
            for stack in stacks
            for number, step in enumerate(stack.steps)
        }
        found = Asyncio()
        tasks: list[AioTask] = []
        runs: dict[int, int] = {}
        for address in self._addresses(stacks):
            task = self._task(address, on_stack)
            if task is None:
                continue
            tasks.append(task)
            if task.running:
                stack, _ = on_stack[self._frame_of(address)]
                runs[stack.ident] = address
        for stack in stacks:
            running = runs.get(stack.ident)
            loop = read_loop(self._memory, self._values, stack.steps, running)
            if loop is not None:
                found.loops[stack.ident] = loop
        found.tasks = tuple(sorted(tasks, key=_number))
        return found

    def _states(self) -> Iterator[tuple[int, int]]:
        for state in self._interior.runtime.states:
            yield state.address, state.ident

    def _stack(self, state: tuple[int, int]) -> _Stack | None:
        """Return the stack of a thread that runs a loop, None for any other."""
        frames: list[Frame] = []
        try:
            for frame in self._frames.of(state[0]):
                frames.append(frame)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            pass  # the thread runs: what was read serves as far as it goes
        named = (frame for frame in frames if frame.code.name in _ROOTS)
        if not any(map(_is_root, self._steps(named))):
            return None  # as nearly always; the names of all files would cost more
        return _Stack(*state, tuple(self._steps(frames)))

    def _steps(self, frames: Iterable[Frame]) -> Iterator[Step]:
        """Yield the frames with the names of their files, as far as these can be read."""
        try:
            for frame in frames:
                yield Step(frame, self._places.file_of(frame))
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            return

    def _addresses(self, stacks: list[_Stack]) -> Iterable[int]:
        """Return the addresses of all tasks that are known to the interpreter."""
        found: dict[int, None] = {}
        for stack in stacks:
            linked = tasks_of_thread(self._memory, stack.state, self._interior.version)
            root = next(filter(_is_root, stack.steps))
            known = tasks_of_module(self._values, root.frame.globals)
            found.update(dict.fromkeys((*linked, *known)))
        return found

    def _frame_of(self, task: int) -> int:
        return self._coroutines.frame_of(self._futures.coroutine_of(task))

    def _task(self, address: int, on_stack: dict[int, tuple[_Stack, int]]) -> AioTask | None:
        """Return a task, None if it is done or cannot be read."""
        try:
            if not self._values.is_a(address, TASK) or not self._futures.is_pending(address):
                return None
            running = on_stack.get(self._frame_of(address))
            if running is not None:
                stack, number = running
                chain = stack.steps[number::-1]
                awaited = Awaited()
            else:
                coroutine = self._futures.coroutine_of(address)
                frames = self._coroutines.chain(coroutine)
                chain = tuple(Step(frame, self._places.file_of(frame)) for frame in frames)
                awaited = find_awaited(self._values, self._futures, address, chain)
            return AioTask(
                address=address,
                loop=self._futures.loop_of(address),
                name=self._futures.name_of(address),
                frames=tuple(self._places.of(step.frame) for step in reversed(chain)),
                running=running is not None,
                holds=tuple(lock for step in chain for lock in self._held(step.frame)),
                resolves=tuple(
                    future
                    for future in self._futures.linked(address)
                    if is_concurrent(self._values, future)
                ),
                **awaited._asdict(),
            )
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return None

    def _held(self, frame: Frame) -> Iterator[int]:
        """Yield the locks of asyncio and of threading whose body a frame is in."""
        stack = frame.stack
        if frame.code.table:
            stack = stack[: depth_around_await(frame.code.table, frame.offset // 2)]
        yield from self._entered.locks(frame._replace(stack=stack))
        for index, slot in enumerate(stack):
            owner: int | None = None
            if self._pair and self._values.is_a(slot, "function"):
                owner = stack[index + 1] if index + 1 < len(stack) else None
            elif not self._pair:
                owner = self._values.bound_to(slot) if slot else None
            if self._values.is_a(owner, "Lock", "Semaphore"):
                yield owner or 0


def _is_root(step: Step) -> bool:
    return step.frame.code.name in _ROOTS and step.file.endswith(
        ("/asyncio/base_events.py", "/asyncio/runners.py")
    )


def _number(task: AioTask) -> tuple[int, str, int]:
    """Sort key: "Task-2" before "Task-10"."""
    prefix, _, number = (task.name or "").rpartition("-")
    return (int(number), prefix, task.address) if number.isdigit() else (0, "", task.address)
