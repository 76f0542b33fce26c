"""The process tree and its threads on a terminal page."""

from collections.abc import Sequence

from diag.model.report import ProcessView, Report
from diag.model.stack import Frame
from diag.render.grouping import Group, Row, group_threads, tree_rows
from diag.render.page import Page, Part
from diag.render.places import Places, is_library, who_runs
from diag.render.states import STATES
from diag.render.units import capped, plural
from diag.render.variables import variable_lines

COLUMNS = ("role", "pid", "state", "threads", "main thread")
MOST_ROWS = 40
MOST_GROUPS = 10
MOST_PIDS = 4
MOST_CELL = 120  # the groups of threads show the whole text
NARROWEST_TABLE = 90
MOST_WAITS = 3
MOST_FRAMES = 30
LIBRARY_RUN = 4  # library frames in a row that are drawn before the rest is folded


def draw_tree(page: Page, views: Sequence[ProcessView]) -> None:
    """Draw the processes as a table."""
    if not views:
        return
    page.heading("Processes")
    rows = tree_rows(views)
    shown = _kept(rows)
    cells = [_cells(row) for row in shown]
    if page.width >= NARROWEST_TABLE:
        page.table(*COLUMNS, wide="main thread", rows=cells)
    else:
        _draw_lines(page, cells)
    if len(rows) > len(shown):
        page.line((f"and {len(rows) - len(shown)} more rows (all of them with --json)", "dim"))


def draw_threads(page: Page, report: Report, places: Places) -> None:
    """Draw every stack once, with the threads that have it."""
    groups = group_threads(report.processes)
    if not groups:
        return
    page.heading("Threads", "equal stacks together, innermost call first, > marks user code")
    for group in groups[:MOST_GROUPS]:
        _draw_group(page, group, places)
    if len(groups) > MOST_GROUPS:
        page.line((f"and {len(groups) - MOST_GROUPS} more groups (all of them with --json)", "dim"))


def draw_frames(
    page: Page, frames: Sequence[Frame], places: Places, *, indent: int, fold: bool = True
) -> None:
    """Draw frames innermost first; with `fold`, long runs of library frames in short."""
    room = max((page.width - indent) // 2, 10)
    width = min(max((len(frame.function) for frame in frames), default=0), room)
    most = MOST_FRAMES if fold else len(frames)
    run = 0
    for number, frame in enumerate(frames[:most]):
        library = is_library(frame)
        run = run + 1 if library else 0
        if run <= LIBRARY_RUN or not fold:
            _draw_frame(page, frame, places, width=width, library=library, indent=indent)
        elif number + 1 == len(frames) or not is_library(frames[number + 1]):
            folded = plural(run - LIBRARY_RUN, "library frame")
            page.line((f"  ... {folded}", "dim"), indent=indent)
    if len(frames) > most:
        page.line((f"  ... {len(frames) - most} more frames", "dim"), indent=indent)


def _kept(rows: Sequence[Row]) -> list[Row]:
    """Leave rows out from the end where there are too many, but none that is stuck."""
    room = MOST_ROWS - sum(row.stuck for row in rows)
    kept = []
    for row in rows:
        if row.stuck:
            kept.append(row)
        elif room > 0:
            kept.append(row)
            room -= 1
    return kept[:MOST_ROWS]


def _cut(text: str) -> str:
    return text if len(text) <= MOST_CELL else f"{text[: MOST_CELL - 4]} ..."


def _cells(row: Row) -> tuple[Part, ...]:
    first = row.views[0]
    process = first.process
    count = f"{len(row.views)} x " if len(row.views) > 1 else ""
    branch = "  " * (row.depth - 1) + "└ " if row.depth else ""
    is_named = process.interpreter is not None or process.name == first.role
    name = "" if is_named else f" ({process.name})"
    state = STATES.get(process.state, process.state)
    if row.stuck:
        state += ", for ever"
    return (
        branch + count + first.role + name,
        capped([str(view.process.pid) for view in row.views], MOST_PIDS),
        (state, "red" if row.stuck else ""),
        str(len(process.threads)),
        _cut(first.waits.get(process.pid, "")),
    )


def _draw_lines(page: Page, rows: Sequence[tuple[Part, ...]]) -> None:
    for role, pids, state, threads, waits in rows:
        page.line(role, " ", pids, ": ", state, ", threads: ", threads, hang=4)
        if waits:
            page.line(waits, indent=4)


def _draw_group(page: Page, group: Group, places: Places) -> None:
    page.blank()
    page.line((_title(group), "bold"), ("  can never run again" if group.stuck else "", "red"))
    for words in group.waits[:MOST_WAITS]:
        page.line(words, indent=2)
    if len(group.waits) > MOST_WAITS:
        others = plural(len(group.waits) - MOST_WAITS, "other wait")
        page.line((f"and {others}", "dim"), indent=2)
    draw_frames(page, group.frames, places, indent=2)
    if group.variables_of is not None:
        page.line((f"  variables are those of tid {group.variables_of}", "dim"), indent=2)
    if group.starting:
        frames = plural(group.starting, "frame")
        page.line((f"  ... {frames} that started the process", "dim"), indent=2)


def _title(group: Group) -> str:
    if len(group.members) == 1:
        return who_runs(*group.members[0])
    roles = ", ".join(dict.fromkeys(view.role for view, _ in group.members))
    tids = capped([str(thread.tid) for _, thread in group.members], MOST_PIDS)
    return f"{len(group.members)} threads of {roles}: tid {tids}"


def _draw_frame(
    page: Page, frame: Frame, places: Places, *, width: int, library: bool, indent: int
) -> None:
    mark = "  " if library else "> "
    style = "dim" if library else "bold"
    page.line(
        (mark + frame.function.ljust(width), style),
        (f"  {places.spot(frame)}", "dim" if library else "cyan"),
        indent=indent,
        hang=4,
    )
    for line in variable_lines(frame):
        page.line((line, "dim"), indent=indent + 6)
