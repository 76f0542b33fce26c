"""What py-spy prints: `py-spy dump --json` (0.4.3), as stacks.

Only names, places and addresses are kept: its `repr` of local variables is dropped here,
before it can reach a recording, unless `--show-locals` asks for it.
"""

import msgspec

from diag.collect.pyspy import StacksUnavailableError
from diag.collect.redact import mask_text
from diag.collect.variables import with_variables
from diag.model.stack import Frame, Stack

# Locals whose address tells which object a standard library frame is about.
KEPT_LOCALS = frozenset(
    {
        "waiter",
        "lock",
        "future",
        "work_item",
        "call_item",
        "executor",
        "executor_reference",
        "work_queue",
        "pending",
        "not_done",
        "cache",
        "pool",
        "processes",
        "taskqueue",
        "inqueue",
        "job",
    }
)

# In what py-spy prints of a collection; of a set it prints no members.
# py-spy leaves out of a collection what is too long for one line.
_SIGNS_OF_FUTURES = (
    "<Future at ",
    "<ApplyResult at ",
    "<set at ",
    "<collections.deque at ",
    "[...",
    "{...",
    "(...",
)


class _Local(msgspec.Struct):
    name: str
    addr: int
    repr: str | None = None

    @property
    def is_kept(self) -> bool:
        """Whether analysis needs it: some by name, and what seems to hold futures."""
        return self.name in KEPT_LOCALS or any(
            sign in (self.repr or "") for sign in _SIGNS_OF_FUTURES
        )


class _Frame(msgspec.Struct):
    name: str
    filename: str
    line: int
    short_filename: str | None = None
    locals: list[_Local] | None = None


class _Dump(msgspec.Struct):
    thread_id: int
    frames: list[_Frame]
    thread_name: str | None = None
    os_thread_id: int | None = None
    owns_gil: bool = False


_decoder = msgspec.json.Decoder(list[_Dump])


def parse_dump(text: bytes, *, show_locals: bool = False) -> list[Stack]:
    """Parse the output of `py-spy dump --json`; values of variables are kept if asked for.

    Raises:
        StacksUnavailableError: it is not such output.

    """
    try:
        dumps = _decoder.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise StacksUnavailableError(f"py-spy's output could not be read: {error}") from error
    return [
        Stack(
            frames=_to_frames(dump.frames, show_locals=show_locals),
            thread_name=dump.thread_name and mask_text(dump.thread_name),
            ident=dump.thread_id,
            os_thread_id=dump.os_thread_id,
            owns_gil=dump.owns_gil,
        )
        for dump in dumps
    ]


def _to_frames(given: list[_Frame], *, show_locals: bool) -> tuple[Frame, ...]:
    frames = tuple(map(_to_frame, given))
    if not show_locals:
        return frames
    named = [[(local.name, local.repr) for local in frame.locals or ()] for frame in given]
    return with_variables(frames, named)


def _to_frame(frame: _Frame) -> Frame:
    addresses = {local.name: local.addr for local in frame.locals or ()}
    return Frame(
        function=frame.name,
        file=frame.filename,
        short_file=frame.short_filename,
        line=max(frame.line, 0),
        self_address=addresses.get("self"),
        objects={local.name: local.addr for local in frame.locals or () if local.is_kept},
    )
