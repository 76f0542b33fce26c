"""How the program itself names an object, where it waits for it."""

from collections.abc import Iterator

from diag.collect.cpython import frames
from diag.collect.cpython.build import recognise
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.frames import FrameUnreadableError
from diag.collect.cpython.look import enter
from diag.collect.cpython.naming import Naming
from diag.collect.cpython.scope import Scope
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.maps import read_maps
from diag.collect.memory import PROC, Memory, MemoryBudgetError, MemoryUnreadableError
from diag.model.process import Process
from diag.model.stack import Frame
from diag.model.thread import Thread

MAX_NAMES = 3
MAX_CALLERS = 4
# Their names for what they wait on are no names of the program's.
_MACHINERY = ("/threading.py", "/queue.py", "/multiprocessing/", "/concurrent/futures/")


class Names:
    """Finds names in one process."""

    def __init__(
        self, memory: Memory, values: Values, process: Process, allowance: Iterator[int]
    ) -> None:
        """Prepare; `allowance` is shared by all processes, and ends when none may be entered."""
        self._allowance = allowance
        self._memory = memory
        self._values = values
        self._process = process
        self._states: dict[int, int] | None = None
        self._frames: frames.Frames | None = None
        self._scope: Scope | None = None
        self._naming: Naming | None = None

    def of(self, address: int, thread: Thread, caller: int) -> tuple[str, ...]:
        """Return the names of an object in the frame that waits for it.

        Args:
            address: of the object.
            thread: that waits, with its stack.
            caller: number of the frame, from the innermost.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        stack = thread.stack.frames if thread.stack is not None else ()
        if caller >= len(stack):
            return ()
        machinery = any(part in stack[caller].file for part in _MACHINERY)
        if machinery and caller:
            return ()
        names = tuple(self._attributes(stack[caller], address))
        if not names and not machinery:
            names = self._by_variables(thread, caller, address)
        return names[:MAX_NAMES]

    def globals_of(self, thread: Thread, number: int) -> Iterator[tuple[str, int]]:
        """Yield the names and values of the globals of a frame, counted from the innermost.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        found = self._frames_of(thread, number + 1)
        namespace = found[number].globals if len(found) > number else None
        for key, value in (self._values.pairs(namespace) or ()) if namespace else ():
            if name := self._values.text(key):
                yield name, value

    def variables_of(self, thread: Thread, number: int) -> Iterator[tuple[str, int]]:
        """Yield the names and values of the variables of a frame, counted from the innermost.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        found = self._frames_of(thread, number + 1)
        if self._scope is None or len(found) <= number:
            return
        try:
            yield from self._scope.variables(found[number]).items()
        except MemoryBudgetError:
            raise
        except MemoryUnreadableError:
            return

    def _attributes(self, frame: Frame, address: int) -> Iterator[str]:
        instance = self._values.unwrapped(frame.self_address)
        kind = self._values.type_of(instance)
        for name, value in self._values.attributes(instance).items():
            if value == address and kind is not None:
                yield f"self.{name} of {kind.name.rpartition('.')[2]}"

    def _by_variables(self, thread: Thread, caller: int, address: int) -> tuple[str, ...]:
        """Return the names in the frame that waits; where it has but a variable, its callers'."""
        frames = self._frames_of(thread, caller + MAX_CALLERS)[caller:]
        if self._naming is None or thread.stack is None or not frames:
            return ()
        try:
            for frame, known in zip(frames, thread.stack.frames[caller:], strict=False):
                if any(part in known.file for part in _MACHINERY):
                    break
                if found := self._naming.telling(frame, address):
                    return found
            return self._naming.local(frames[0], thread.stack.frames[caller].bare_name, address)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return ()

    def _frames_of(self, thread: Thread, count: int) -> list[frames.Frame]:
        """Return the innermost frames of a thread, as long as they are those of its stack."""
        if self._states is None:
            self._enter()
        state = (self._states or {}).get(thread.inner_tid or thread.tid)
        found: list[frames.Frame] = []
        if state is None or self._frames is None or thread.stack is None:
            return found
        try:
            for frame, known in zip(self._frames.of(state), thread.stack.frames, strict=False):
                if frame.code.name != known.bare_name or len(found) >= count:
                    break
                found.append(frame)
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError):
            return []
        return found

    def _enter(self) -> None:
        """Find the thread states and the layout of frames, once."""
        self._states = {}
        if next(self._allowance, None) is None:
            return
        pid = self._process.pid
        try:
            space = read_maps(pid, proc_root=PROC)
            build = recognise(pid, space, self._memory, proc_root=PROC)
            tasks = Tasks(self._process, proc_root=PROC)
            interior, _ = enter(self._memory, space, build, tasks, self._process)
        except OSError:
            return  # the process has ended
        if interior is None or build is None:
            return
        layout = frame_layout_of(interior.version, self._memory, build.runtime)
        if layout is None:
            return
        runtime = interior.runtime
        self._frames = frames.Frames(self._memory, Types(self._memory), layout)
        self._scope = Scope(self._memory, self._values, layout, interior.version)
        self._naming = Naming(self._values, self._scope)
        self._states = {runtime.idents[state.ident]: state.address for state in runtime.states}
