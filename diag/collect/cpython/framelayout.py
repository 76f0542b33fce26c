"""Where CPython keeps its frames, version by version (x86-64, ordinary builds)."""

from dataclasses import dataclass, replace

from diag.collect.cpython.layout import published
from diag.collect.memory import Memory


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLayout:
    """Byte offsets of one version.

    Attributes:
        current: in `PyThreadState`: of the frame, or of the C frame that has it.
        current_in_cframe: in the latter, None if there is none.
        previous: in the frame: of the calling frame.
        code: in the frame.
        globals: in the frame: of its dict of globals.
        instruction: in the frame: of the current instruction; None before 3.11.
        locals: in the frame: of the first local.
        stack: in the frame: of the pointer to the value stack, for 3.9 and 3.10;
            on later versions it follows the locals.
        blocks: in the frame: of the number of active blocks, 3.9 and 3.10.
        block_stack: in the frame: of the first block.
        code_locals: in the code: number of locals, cells and free variables.
        code_stack_size: in the code.
        code_table: in the code: of the exception table, a bytes object.
        code_name: in the code.
        first_instruction: in the code.
        text: in a compact ASCII string: of its characters.
        pair: `with` keeps two slots, the exit method and the object (3.14);
            one slot before, a bound method.
        last: in the frame: of the number of the current instruction, 3.9 and 3.10.
        last_unit: what that number counts, in bytes.
        top: in the frame: of the top of a suspended frame's stack.
        top_is_pointer: whether that is an address, not a number of slots.
        generator_frame: in a suspended coroutine: of its frame.
        generator_points: whether that is a pointer to it, not the frame itself.
        code_first_line: in the code.
        code_lines: in the code: of the table of its lines, a bytes object.

    """

    current: int
    current_in_cframe: int | None = None
    previous: int
    code: int
    globals: int
    instruction: int = 0
    locals: int
    stack: int | None = None
    blocks: int = 0
    block_stack: int = 0
    code_locals: int = 0
    code_stack_size: int
    code_table: int = 0
    code_name: int
    first_instruction: int = 0
    text: int
    pair: bool = False
    last: int = 0
    last_unit: int = 1
    top: int
    top_is_pointer: bool = False
    generator_frame: int
    generator_points: bool = False
    code_first_line: int
    code_lines: int

    @property
    def code_file(self) -> int:
        """Offset in the code of its file's name."""
        return self.code_name - 8

    @property
    def code_qualified_name(self) -> int:
        """Offset in the code of its name with those of its classes, from 3.11 on."""
        return self.code_name + 8


_3_9 = FrameLayout(
    current=24,
    previous=24,
    code=32,
    globals=48,
    locals=360,
    stack=64,
    blocks=112,
    block_stack=120,
    code_stack_size=32,
    code_name=112,
    text=48,
    last=104,
    top=72,
    top_is_pointer=True,
    generator_frame=16,
    generator_points=True,
    code_first_line=40,
    code_lines=120,
)
_3_12 = FrameLayout(
    current=56,
    current_in_cframe=0,
    previous=8,
    code=0,
    globals=24,
    instruction=56,
    locals=72,
    code_locals=72,
    code_stack_size=64,
    code_table=40,
    code_name=120,
    first_instruction=192,
    text=40,
    top=64,
    generator_frame=72,
    code_first_line=68,
    code_lines=136,
)
_3_13 = replace(_3_12, current=72, current_in_cframe=None, first_instruction=200)
_3_14 = replace(_3_13, locals=80, first_instruction=208, pair=True, top_is_pointer=True)

FRAMES: dict[tuple[int, int], FrameLayout] = {
    (3, 9): _3_9,
    (3, 10): replace(
        _3_9,
        locals=352,
        blocks=104,
        block_stack=112,
        last=96,
        last_unit=2,
        top=80,
        top_is_pointer=False,
    ),
    (3, 11): replace(
        _3_12,
        current_in_cframe=8,
        previous=48,
        code=32,
        globals=8,
        code_locals=76,
        code_stack_size=68,
        first_instruction=184,
        text=48,
        generator_frame=80,
        code_first_line=72,
    ),
    (3, 12): _3_12,
    (3, 13): _3_13,
    (3, 14): _3_14,
    (3, 15): _3_14,
}

# Which 8-byte word of `_Py_DebugOffsets` holds which field.
_PUBLISHED = ("current", "previous", "code", "instruction", "locals", "first_instruction")
_DEBUG_WORDS: dict[tuple[int, int], tuple[int, ...]] = {
    (3, 13): (23, 29, 30, 31, 32, 43),
    (3, 14): (26, 32, 33, 34, 35, 48),
    (3, 15): (26, 40, 41, 42, 43, 56),
}


def frame_layout_of(version: tuple[int, int], memory: Memory, runtime: int) -> FrameLayout | None:
    """Return the layout of a version's frames, None if it is not known.

    Raises:
        MemoryUnreadableError: `_PyRuntime` cannot be read.

    """
    table = FRAMES.get(version)
    if table is None or version not in _DEBUG_WORDS:
        return table
    words = dict(zip(_PUBLISHED, _DEBUG_WORDS[version], strict=True))
    offsets = published(memory, runtime, words)
    return None if offsets is None else replace(table, **offsets)
