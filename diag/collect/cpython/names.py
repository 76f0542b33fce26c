"""How the program itself names an object, where it waits for it: an attribute, or a global."""

from collections.abc import Iterator

from diag.collect.cpython.build import recognise
from diag.collect.cpython.framelayout import frame_layout_of
from diag.collect.cpython.frames import Frames, FrameUnreadableError
from diag.collect.cpython.look import enter
from diag.collect.cpython.tasks import Tasks
from diag.collect.cpython.typenames import Types
from diag.collect.cpython.values import Values
from diag.collect.maps import read_maps
from diag.collect.memory import PROC, Memory, MemoryBudgetError, MemoryUnreadableError
from diag.model.process import Process
from diag.model.stack import Frame
from diag.model.thread import Thread

MAX_NAMES = 3
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
        self._frames: Frames | None = None

    def of(self, address: int, thread: Thread, caller: int) -> tuple[str, ...]:
        """Return the names of an object in the frame that waits for it.

        Args:
            address: of the object.
            thread: that waits, with its stack.
            caller: number of the frame, from the innermost.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        frames = thread.stack.frames if thread.stack is not None else ()
        if caller >= len(frames):
            return ()
        machinery = any(part in frames[caller].file for part in _MACHINERY)
        if machinery and caller:
            return ()
        names = tuple(self._attributes(frames[caller], address))
        if not names and not machinery:
            names = tuple(self._globals(thread, caller, address))
        return names[:MAX_NAMES]

    def globals_of(self, thread: Thread, number: int) -> Iterator[tuple[str, int]]:
        """Yield the names and values of the globals of a frame, counted from the innermost.

        Raises:
            MemoryBudgetError: the process has used up what it was allowed.

        """
        namespace = self._namespace(thread, number)
        for key, value in (self._values.pairs(namespace) or ()) if namespace else ():
            if name := self._values.text(key):
                yield name, value

    def _attributes(self, frame: Frame, address: int) -> Iterator[str]:
        instance = self._values.unwrapped(frame.self_address)
        kind = self._values.type_of(instance)
        for name, value in self._values.attributes(instance).items():
            if value == address and kind is not None:
                yield f"self.{name} of {kind.name.rpartition('.')[2]}"

    def _globals(self, thread: Thread, caller: int, address: int) -> Iterator[str]:
        namespace = self._namespace(thread, caller)
        pairs = self._values.pairs(namespace) if namespace else None
        held = [key for key, value in pairs or () if value == address]
        if not held or namespace is None:
            return
        module = self._values.text(self._values.entry(namespace, "__name__") or 0)
        for key in held:
            if name := self._values.text(key):
                yield f"{name} of module {module}" if module else name

    def _namespace(self, thread: Thread, caller: int) -> int | None:
        """Return the dict of the globals of a frame, None if it is not surely that frame."""
        if self._states is None:
            self._enter()
        state = (self._states or {}).get(thread.inner_tid or thread.tid)
        if state is None or self._frames is None or thread.stack is None:
            return None
        try:
            for number, frame in enumerate(self._frames.of(state)):
                if frame.code.name != thread.stack.frames[number].bare_name:
                    return None
                if number == caller:
                    return frame.globals
        except MemoryBudgetError:
            raise
        except (MemoryUnreadableError, FrameUnreadableError, IndexError):
            return None
        return None

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
        self._frames = Frames(self._memory, Types(self._memory), layout)
        self._states = {runtime.idents[state.ident]: state.address for state in runtime.states}
