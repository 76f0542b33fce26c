"""One snapshot for people at a terminal: each process, each thread, no judgement."""

from diag.model.process import Process
from diag.model.report import ProcessView, Report
from diag.model.thread import Thread
from diag.render.options import Options
from diag.render.page import Page
from diag.render.places import Places
from diag.render.processes import draw_frames, draw_tree
from diag.render.states import STATES
from diag.render.summary import describe_target
from diag.render.terminal import draw_coverage, draw_limits


def render(report: Report, options: Options) -> str:
    """Draw everything that was seen, thread by thread."""
    page = Page(options)
    places = Places(report)
    page.line((describe_target(report), "bold"))
    draw_tree(page, report.processes)
    for view in report.processes:
        _draw_process(page, view, places)
    draw_limits(page, report)
    draw_coverage(page, report)
    return page.finish()


def _draw_process(page: Page, view: ProcessView, places: Places) -> None:
    process = view.process
    page.heading(f"{view.role} {process.pid}", _facts(process))
    if process.command:
        page.line((" ".join(process.command), "dim"), indent=2)
    for thread in process.threads:
        _draw_thread(page, view, thread, places)
    for gap in process.gaps:
        page.line((f"{gap.what}: ", "yellow"), gap.because, indent=2)


def _facts(process: Process) -> str:
    facts = [process.name, STATES.get(process.state, process.state), f"parent {process.parent_pid}"]
    python = process.interpreter
    if python is not None:
        variant = f" {python.variant}" if python.variant else ""
        facts.append(f"{python.implementation} {python.version}{variant}")
    if process.traced_by:
        facts.append(f"traced by {process.traced_by}")
    return ", ".join(facts)


def _draw_thread(page: Page, view: ProcessView, thread: Thread, places: Places) -> None:
    name = (thread.stack.thread_name if thread.stack else None) or thread.name
    state = STATES.get(thread.state, thread.state)
    page.line((f'"{name}"', "bold"), f" tid {thread.tid}, {state}", indent=2)
    page.line(view.waits.get(thread.tid, thread.wait.kind.value), indent=4)
    if thread.stack is not None:
        draw_frames(page, thread.stack.frames, places, indent=4, fold=False)
