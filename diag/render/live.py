"""A watched tree on a terminal, drawn anew as it changes: a function from scene to picture."""

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from diag.model.finding import Finding, Severity
from diag.model.report import Verdict
from diag.model.watching import ProcessScene, Scene
from diag.render.escape import visible
from diag.render.options import Options
from diag.render.units import in_bytes, plural

STYLES = {
    Verdict.HUNG: "bold red",
    Verdict.DEGRADED: "bold yellow",
    Verdict.HEALTHY: "bold green",
    Verdict.UNKNOWN: "dim",
}
SEVERITY_STYLES = {
    Severity.ERROR: "bold red",
    Severity.WARNING: "bold yellow",
    Severity.INFO: "cyan",
}
COLUMNS = ("process", "pid", "CPU", "memory", "threads", "doing")
FIRST_HEIGHT = 24
_OTHER_LINES = 5  # above and below the table
_MOST_FINDINGS = 5
_ALL_COLUMNS = 70  # narrower terminals do without memory and threads

_Row = tuple[int, ProcessScene]  # its depth in the tree


def draw(scene: Scene, options: Options, *, height: int = FIRST_HEIGHT) -> RenderableType:
    """Draw a watched tree within `height` lines."""
    findings = [_finding(finding) for finding in scene.findings[-_MOST_FINDINGS:]]
    room = max(3, height - _OTHER_LINES - len(findings))
    return Group(_head(scene), _table(scene, options, room), *findings, _foot(scene))


def _head(scene: Scene) -> Text:
    command = " ".join(scene.command) or f"process {scene.pid}"
    verdict = "watching" if scene.verdict is Verdict.UNKNOWN else scene.verdict.value.upper()
    text = Text(no_wrap=True, overflow="ellipsis")
    text.append(verdict, STYLES[scene.verdict])
    text.append(f"  {visible(command)}", "bold")
    text.append(f"  {_duration(scene.elapsed_s)}", "dim")
    return text


def _table(scene: Scene, options: Options, room: int) -> Table:
    wide = options.width >= _ALL_COLUMNS
    table = Table(box=None, header_style="dim", pad_edge=False, expand=True)
    for name in COLUMNS:
        if wide or name not in ("memory", "threads"):
            ratio = {"process": 2, "doing": 3}.get(name)
            table.add_column(
                name,
                ratio=ratio,
                no_wrap=True,
                overflow="ellipsis",
                justify="left" if ratio else "right",
            )
    rows = _in_tree_order(scene.processes)
    shown, rest = _that_matter(rows, room)
    for depth, process in shown:
        cells = _cells(process, depth, options)
        table.add_row(*(cells if wide else (*cells[:3], cells[5])))
    if rest:
        cpu = sum(process.cpu_cores for _, process in rest)
        table.add_row(f"and {len(rest)} more", "", f"{cpu:.0%}", style="dim")
    return table


def _that_matter(rows: list[_Row], room: int) -> tuple[list[_Row], list[_Row]]:
    """Divide rows into those that there is room for and the rest, both in their order.

    The root comes first, then who is stuck, then who is busy.
    """

    def rank(number: int) -> tuple[bool, bool, float, int]:
        process = rows[number][1]
        # Rounded, so that rows do not jump about.
        return number > 0, not process.stuck, -round(process.cpu_cores, 1), number

    chosen = set(sorted(range(len(rows)), key=rank)[:room])
    shown = [row for number, row in enumerate(rows) if number in chosen]
    return shown, [row for number, row in enumerate(rows) if number not in chosen]


def _cells(process: ProcessScene, depth: int, options: Options) -> tuple[Text, ...]:
    branch = ("└ " if options.unicode else "` ") if depth else ""
    rss = in_bytes(process.rss_bytes) if process.rss_bytes is not None else ""
    doing = process.doing or ("running" if process.cpu_cores >= 0.5 else "")
    if process.stuck and not process.moved:
        doing = f"for ever: {doing}" if doing else "stuck for ever"
    style = "red" if process.stuck and not process.moved else ""
    return (
        Text("  " * max(0, depth - 1) + branch + visible(process.role), style),
        Text(str(process.pid), style),
        Text(f"{process.cpu_cores:.0%}", "" if process.cpu_cores >= 0.01 else "dim"),
        Text(rss),
        Text(f"{process.moved}/{process.threads}"),
        Text(visible(doing), style or "dim"),
    )


def _finding(finding: Finding) -> Text:
    text = Text(no_wrap=True, overflow="ellipsis")
    label = f"{finding.severity.value.upper()} ({finding.confidence}) "
    text.append(label, SEVERITY_STYLES[finding.severity])
    text.append(visible(finding.title))
    return text


def _foot(scene: Scene) -> Text:
    parts = [
        scene.doing,
        plural(scene.looks, "close look"),
        f"every {scene.interval_s:.2g} s"
        + (" (stretched: the tree is large)" if scene.stretched else ""),
        f"diag uses {scene.own_share:.1%} of a CPU",
    ]
    group = scene.group
    if group is not None and group.memory_limit_bytes and group.memory_used_bytes is not None:
        used, limit = in_bytes(group.memory_used_bytes), in_bytes(group.memory_limit_bytes)
        parts.append(f"memory {used} of {limit}")
    if scene.gaps:
        parts.append(plural(len(scene.gaps), "gap"))
    return Text(" | ".join(parts), "dim", no_wrap=True, overflow="ellipsis")


def _in_tree_order(processes: tuple[ProcessScene, ...]) -> list[_Row]:
    """Return each process after its parent, with its depth; strays follow at the top level."""
    present = {process.pid for process in processes}
    children: dict[int, list[ProcessScene]] = {}
    tops: list[ProcessScene] = []
    for process in processes:
        if process.parent_pid in present:
            children.setdefault(process.parent_pid, []).append(process)
        else:
            tops.append(process)
    ordered: list[_Row] = []
    stack = [(0, process) for process in reversed(tops)]
    while stack:
        depth, process = stack.pop()
        ordered.append((depth, process))
        stack += [(depth + 1, child) for child in reversed(children.get(process.pid, []))]
    return ordered


def _duration(elapsed_s: float) -> str:
    minutes, seconds = divmod(int(elapsed_s), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}"
