"""Python stacks as py-spy reports them."""

import msgspec

from diag.model.base import Record

_FORKING_MODULE = "/popen_fork.py"
_FORKS = "_launch"


class Variable(Record, frozen=True):
    """A local variable, as `--show-locals` asks for it.

    Attributes:
        name: as in the code.
        value: in words of py-spy (0.4.3), 128 characters at most: strings, numbers, lists,
            tuples and dicts by value, anything else by type and address; "***" where it
            looks like a secret; "?" where it could not be read.

    """

    name: str
    value: str


class Frame(Record, frozen=True):
    """One Python frame.

    Attributes:
        function: the code's name; "Class.method" on 3.11 and later, the bare
            method before that (py-spy 0.4.3), so compare with `bare_name`.
        file: the path as the interpreter knows it.
        short_file: the path as py-spy shortens it, relative to `sys.path`.
        line: 1-based, 0 if unknown.
        self_address: address of the local named `self`, if the frame has one.
        objects: addresses of other locals that analysis needs, by name
            (never their values).
        variables: arguments and other locals, of the project's own frames only, and only
            if `--show-locals` asked for them.
        variables_left_out: number of those that are not in `variables`, as there are many.

    """

    function: str
    file: str
    line: int
    short_file: str | None = None
    self_address: int | None = None
    objects: dict[str, int] = msgspec.field(default_factory=dict)
    variables: tuple[Variable, ...] = ()
    variables_left_out: int = 0

    @property
    def bare_name(self) -> str:
        """The function's name without its class."""
        return self.function.rpartition(".")[2]


class Stack(Record, frozen=True):
    """The Python frames of one thread, innermost first, as in py-spy.

    Attributes:
        frames: innermost first; empty while the interpreter is finalising.
        thread_name: the name given in `threading`, None if never imported.
        ident: the pthread id, which Python calls the thread's ident.
        os_thread_id: what py-spy took for the kernel's thread id: of the
            innermost pid namespace, None where it could not tell.
        owns_gil: py-spy's opinion; the GIL's own memory is the better source.

    """

    frames: tuple[Frame, ...]
    ident: int
    thread_name: str | None = None
    os_thread_id: int | None = None
    owns_gil: bool = False

    @property
    def own_frames(self) -> tuple[Frame, ...]:
        """The frames of this process alone.

        A process that multiprocessing forked never returns to the frames that called
        `_launch` (multiprocessing/popen_fork.py): they are copies of its parent's. Who is
        in `_launch` itself is the parent, and forks just now.
        """
        for number, frame in enumerate(self.frames):
            if number and frame.bare_name == _FORKS and frame.file.endswith(_FORKING_MODULE):
                return self.frames[:number]
        return self.frames
