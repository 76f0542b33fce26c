"""Python stacks read from memory: of a process for which py-spy has none.

py-spy gives up on a whole process if the frames of one thread change while it reads them.
Here each thread is read by itself, twice, and what was not the same both times is read again.
"""

import time
from collections.abc import Iterator

import msgspec

from diag.collect.cpython.access import Access
from diag.collect.cpython.build import recognise
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.frames import Frame, Frames, FrameUnreadableError
from diag.collect.cpython.locks import Interior
from diag.collect.cpython.look import enter
from diag.collect.cpython.places import Places
from diag.collect.cpython.scope import Scope
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.values import Values
from diag.collect.dump import KEPT_LOCALS
from diag.collect.maps import read_maps
from diag.collect.memory import MemoryBudgetError, MemoryUnreadableError
from diag.collect.stacks import NO_STACKS, attach_stacks
from diag.model import stack as model
from diag.model.gap import Gap
from diag.model.process import Process

ATTEMPTS = 20
PAUSE_S = 0.002
MAX_FRAMES = 2000
_BOOTSTRAP = "/threading.py"
_SHIM = "<interpreter trampoline>"  # code of a frame that 3.12 puts beneath calls from C


def with_own_stacks(process: Process, access: Access) -> Process:
    """Return a process with stacks read from memory, if py-spy was asked and gave none.

    The gap stays, and says where the stacks are from.
    """
    missing = next((gap for gap in process.gaps if gap.what == NO_STACKS), None)
    if missing is None:
        return process
    try:
        stacks = _read(process, access)
    except (OSError, MemoryUnreadableError):
        return process  # the gap says what is missing
    if not stacks:
        return process
    told = Gap(
        what="stacks of py-spy",
        because=f"{missing.because}; diag has read those of {len(stacks)} threads itself",
        pid=process.pid,
    )
    gaps = tuple(told if gap is missing else gap for gap in process.gaps)
    return attach_stacks(msgspec.structs.replace(process, gaps=gaps), stacks)


def _read(process: Process, access: Access) -> list[model.Stack]:
    with access.memory(process.pid) as memory:
        space = read_maps(process.pid, proc_root=access.proc_root)
        build = recognise(process.pid, space, memory, proc_root=access.proc_root)
        tasks = Tasks(process, proc_root=access.proc_root)
        interior, _ = enter(memory, space, build, tasks, process)
        if interior is None or build is None:
            return []
        layout = frame_layout_of(interior.version, memory, build.runtime)
        if layout is None:
            return []
        values = Values(memory, interior.types, interior.version)
        reader = _Reader(
            interior,
            Frames(memory, interior.types, layout),
            Places(memory, values, layout, interior.version),
            Scope(memory, values, layout, interior.version),
            values,
        )
        return list(reader.stacks())


class _Reader:
    def __init__(
        self, interior: Interior, frames: Frames, places: Places, scope: Scope, values: Values
    ) -> None:
        self._runtime = interior.runtime
        self._frames, self._places, self._scope = frames, places, scope
        self._values = values

    def stacks(self) -> Iterator[model.Stack]:
        """Yield the stacks of the threads that keep still long enough."""
        for state in self._runtime.states:
            for attempt in range(ATTEMPTS):
                if attempt:
                    time.sleep(PAUSE_S)
                try:
                    stack = self._stack(state.address, state.ident)
                except MemoryBudgetError:
                    return
                except (MemoryUnreadableError, FrameUnreadableError):
                    continue
                if stack is not None:
                    yield stack
                    break

    def _stack(self, state: int, ident: int) -> model.Stack | None:
        """Return the stack of a thread, None if it moved while it was read."""
        found = self._path(state)
        stack = model.Stack(
            frames=tuple(map(self._frame, found)),
            thread_name=self._name(found),
            ident=ident,
            os_thread_id=self._runtime.idents[ident],
            owns_gil=self._runtime.gil is not None and self._runtime.gil.holder_ident == ident,
        )
        return stack if _chain(self._path(state)) == _chain(found) else None

    def _path(self, state: int) -> list[Frame]:
        found: list[Frame] = []
        for frame in self._frames.of(state):
            if frame.code.name != _SHIM:
                found.append(frame)
            if len(found) > MAX_FRAMES:
                raise FrameUnreadableError("too many frames")
        return found

    def _frame(self, frame: Frame) -> model.Frame:
        known = self._scope.variables(frame)
        return msgspec.structs.replace(
            self._places.of(frame),
            self_address=known.get("self"),
            objects={name: known[name] for name in known if name in KEPT_LOCALS},
        )

    def _name(self, frames: list[Frame]) -> str | None:
        """Return the name of a thread: `Thread._name` of who runs at its bottom."""
        outermost = frames[-1] if frames else None
        if outermost is None or not self._places.file_of(outermost).endswith(_BOOTSTRAP):
            return None
        thread = self._scope.variables(outermost).get("self")
        name = self._values.attribute(thread, "_name")
        return self._values.text(name) if name is not None else None


def _chain(frames: list[Frame]) -> list[tuple[int, int, int]]:
    """Return what is the same while nothing is called and nothing returns.

    The innermost frame may go on meanwhile: it is where it was at one of both times.
    """
    return [
        (frame.address, frame.code.address, frame.offset if number else 0)
        for number, frame in enumerate(frames)
    ]
