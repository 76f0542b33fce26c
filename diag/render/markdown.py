"""Markdown, as GitHub and GitLab show it in job summaries, comments and issues."""

import re
from collections.abc import Iterable, Iterator
from html import escape

from diag.model.finding import Finding, Link
from diag.model.report import Report
from diag.model.stack import Frame
from diag.render import mermaid
from diag.render.escape import visible
from diag.render.grouping import Group, Row, group_threads, tree_rows
from diag.render.limits import limit_lines
from diag.render.options import Options
from diag.render.places import Places, is_library, who, who_runs
from diag.render.states import STATES
from diag.render.summary import answer, describe_coverage, describe_target, not_run, subject
from diag.render.units import capped
from diag.render.variables import Variables, variable_lines

MOST_FINDINGS = 20
MOST_LINKS = 12
MOST_EVIDENCE = 20
MOST_ROWS = 40
MOST_GROUPS = 20
MOST_FRAMES = 40
MOST_GAPS = 20
MOST_ERRORS = 20
MOST_PIDS = 4
MOST_WAITS = 3

_MARKUP = re.compile(r"[\\`*_\[\]<>|~$&!]")
_STARTS_A_BLOCK = re.compile(r"^[-+#=]|(?<=^\d)[.)]|(?<=^\d\d)[.)]")
# What becomes a link, a mention, a reference or an emoji although it is no markup.
_AUTOMATIC = re.compile(r":(?=//)|@|#(?=\d)|:(?=[a-z0-9+-]+:)|(?<=www)\.", re.IGNORECASE)
_LONGEST_TICKS = re.compile(r"`+")


def render(report: Report, _options: Options) -> str:
    """Return the whole report; long lists are cut short and say so."""
    blocks = [
        *_head(report),
        *_findings(report),
        *_errors(report),
        *_processes(report),
        *_rest(report),
    ]
    return "\n\n".join(block for block in blocks if block) + "\n"


def _head(report: Report) -> Iterator[str]:
    yield f"## diag: {answer(report)}"
    yield f"**{escape_text(report.headline)}**"
    yield f"{_code(describe_target(report))}; {describe_coverage(report)}."
    chart = mermaid.draw(report.graph) if report.graph is not None else ""
    if chart:
        yield f"```mermaid\n{chart}\n```"
        yield (
            "Arrows lead from who waits to whom it waits for. Red is the cause, yellow waits for"
            " it, a broken line is somebody who does not exist."
        )


def _findings(report: Report) -> Iterator[str]:
    places, variables = Places(report), Variables(report)
    for finding in report.findings[:MOST_FINDINGS]:
        yield from _finding(finding, places, variables)
    if len(report.findings) > MOST_FINDINGS:
        yield f"and {len(report.findings) - MOST_FINDINGS} more findings"


def _finding(finding: Finding, places: Places, variables: Variables) -> Iterator[str]:
    grade = f"{finding.severity.value.upper()} ({finding.confidence.value})"
    yield f"### {grade}: {escape_text(finding.title)}"
    links = [_link(link, places) for link in finding.chain[:MOST_LINKS]]
    yield "\n".join(_more(links, len(finding.chain), "1. ", "steps"))
    for location, frame in variables.guilty(finding):
        yield f"Variables of {escape_text(who(location))} {_code(places.in_frame(frame))}"
        yield _block(map(visible, variable_lines(frame)))
    if finding.explanation:
        yield f"**Why:** {escape_text(finding.explanation)}"
    if finding.advice:
        yield f"**Fix:** {escape_text(finding.advice)}"
    facts = [f"{e.source.value}: {escape_text(e.text)}" for e in finding.evidence[:MOST_EVIDENCE]]
    evidence = _more((f"- {fact}" for fact in facts), len(finding.evidence), "- ", "facts")
    yield _details(f"Evidence, rule {escape(visible(finding.rule))}", "\n".join(evidence))


def _link(link: Link, places: Places) -> str:
    where = places.where_waits(link)
    lines = [f"1. {escape_text(link.text)}" + (f" {_code(where)}" if where else "")]
    lines.extend(f"   - {escape_text(detail)}" for detail in link.details)
    return "\n".join(lines)


def _errors(report: Report) -> Iterator[str]:
    if not report.errors:
        return
    yield "### On its standard error"
    lines = []
    for note in report.errors[:MOST_ERRORS]:
        lines.append(f"- after {note.after_s:.1f} s: {_code(note.text)}")
        lines.extend(f"  - {escape_text(fact)}" for fact in note.measured)
    yield "\n".join(_more(lines, len(lines) + len(report.errors[MOST_ERRORS:]), "- ", "errors"))


def _processes(report: Report) -> Iterator[str]:
    rows = tree_rows(report.processes)
    if not rows:
        return
    lines = ["| process | pid | state | threads | main thread |", "|---|---|---|---|---|"]
    lines.extend(map(_row, rows[:MOST_ROWS]))
    yield "### Processes"
    yield "\n".join(lines)
    if len(rows) > MOST_ROWS:
        yield f"and {len(rows) - MOST_ROWS} more rows"
    groups = group_threads(report.processes)
    places = Places(report)
    stacks = [_group(group, places) for group in groups[:MOST_GROUPS]]
    if len(groups) > MOST_GROUPS:
        stacks.append(f"and {len(groups) - MOST_GROUPS} more groups")
    yield _details("Stacks, equal ones together, innermost call first", "\n\n".join(stacks))


def _row(row: Row) -> str:
    first = row.views[0]
    count = f"{len(row.views)} x " if len(row.views) > 1 else ""
    state = STATES.get(first.process.state, first.process.state)
    cells = (
        "&nbsp;&nbsp;" * row.depth + count + escape_text(first.role),
        capped([str(view.process.pid) for view in row.views], MOST_PIDS),
        f"**{state}, for ever**" if row.stuck else escape_text(state),
        str(len(first.process.threads)),
        escape_text(first.waits.get(first.process.pid, "")),
    )
    return f"| {' | '.join(cells)} |"


def _group(group: Group, places: Places) -> str:
    title = who_runs(*group.members[0])
    if len(group.members) > 1:
        title += f" and {len(group.members) - 1} more"
    state = "; can never run again" if group.stuck else ""
    waits = "; ".join(group.waits[:MOST_WAITS])
    lines = [f"**{escape_text(title)}**{state}<br>{escape_text(waits)}"]
    if group.frames:
        shown = group.frames[:MOST_FRAMES]
        frames = ["\n".join(_frame(frame, places)) for frame in shown]
        frames = _more(frames, len(group.frames), "  ", "frames")
        if group.variables_of is not None:
            frames.append(f"  variables are those of tid {group.variables_of}")
        lines.append(_block(frames))
    return "\n\n".join(lines)


def _frame(frame: Frame, places: Places) -> Iterator[str]:
    mark = " " if is_library(frame) else ">"
    yield f"{mark} {visible(frame.function)}  {visible(places.spot(frame))}"
    yield from (f"      {visible(line)}" for line in variable_lines(frame))


def _rest(report: Report) -> Iterator[str]:
    if report.limits is not None:
        yield "### Limits"
        yield "\n".join(f"- {escape_text(line)}" for line in limit_lines(report.limits))
    yield f"### What was seen: {describe_coverage(report)}"
    gaps = report.observed.gaps
    seen = [
        f"- {escape_text(subject(gap))}: {escape_text(gap.because)}" for gap in gaps[:MOST_GAPS]
    ]
    lines = _more(seen, len(gaps), "- ", "gaps")
    lines.extend(f"- {escape_text(line)}" for line in not_run(report))
    yield "\n".join(lines)
    if report.ignored:
        yield f"### Ignored by the project's policy: {len(report.ignored)}"
        yield "\n".join(
            f"- {_code(i.finding.rule)}: {escape_text(i.finding.title)} ({escape_text(i.because)})"
            for i in report.ignored[:MOST_FINDINGS]
        )


def _more(lines: Iterable[str], count: int, mark: str, noun: str) -> list[str]:
    shown = list(lines)
    if count > len(shown):
        shown.append(f"{mark}and {count - len(shown)} more {noun}")
    return shown


def _details(summary: str, body: str) -> str:
    if not body:
        return ""
    return f"<details><summary>{summary}</summary>\n\n{body}\n\n</details>"


def escape_text(text: str) -> str:
    """Escape a text for a paragraph, a list or a cell: it stays on its line and is no markup."""
    safe = _MARKUP.sub(r"\\\g<0>", visible(text))
    safe = _STARTS_A_BLOCK.sub(r"\\\g<0>", safe)
    return _AUTOMATIC.sub(lambda found: f"&#{ord(found[0])};", safe)


def _code(text: str) -> str:
    """Return a code span, with a fence longer than any that is in it."""
    safe = visible(text)
    fence = _fence(safe, 1)
    pad = " " if safe.startswith("`") or safe.endswith("`") else ""
    return f"{fence}{pad}{safe}{pad}{fence}"


def _block(lines: Iterable[str]) -> str:
    """Return a block of text that is shown as it is; the lines are escaped already."""
    text = "\n".join(lines)
    fence = _fence(text, 3)
    return f"{fence}text\n{text}\n{fence}"


def _fence(text: str, least: int) -> str:
    longest = max((len(ticks) for ticks in _LONGEST_TICKS.findall(text)), default=0)
    return "`" * max(longest + 1, least)
