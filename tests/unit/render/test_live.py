"""The live view: what it shows, and that it fits."""

import io
from typing import Any

import pytest
from msgspec.structs import replace
from rich.console import Console

from diag.model.finding import Confidence, Finding, Location, Severity
from diag.model.report import Verdict
from diag.model.watching import ProcessScene, Scene
from diag.render.live import draw
from diag.render.options import Options

FINDING = Finding(
    rule="lock-cycle",
    severity=Severity.ERROR,
    confidence=Confidence.PROVEN,
    title="2 threads wait for each other",
    explanation="",
    advice="",
    primary=Location(pid=20),
)


def scene(count: int = 3, *, role: str = "worker", findings: tuple[Finding, ...] = ()) -> Scene:
    parent = ProcessScene(pid=10, parent_pid=1, role="parent", threads=2, moved=1, cpu_cores=0.25)
    workers = tuple(
        ProcessScene(
            pid=20 + number,
            parent_pid=10,
            role=role,
            threads=1,
            moved=0,
            cpu_cores=0.0,
            rss_bytes=3 << 20,
            doing="waits for a Lock",
            stuck=bool(findings),
        )
        for number in range(count)
    )
    return Scene(
        pid=10,
        command=("python", "app.py"),
        elapsed_s=3725.0,
        verdict=Verdict.HUNG if findings else Verdict.HEALTHY,
        doing="calm",
        processes=(parent, *workers),
        findings=findings,
        looks=1,
        own_share=0.0123,
    )


def drawn(picture: Scene, *, width: int = 100, height: int = 24) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=False, emoji=False, highlight=False)
    console.print(draw(picture, Options(width=width), height=height))
    return out.getvalue()


def test_the_tree_is_shown_with_what_each_process_does() -> None:
    text = drawn(scene())
    assert "HEALTHY  python app.py  1:02:05" in text
    assert "└ worker" in text
    assert "25%" in text
    assert "3 MiB" in text
    assert "waits for a Lock" in text
    assert "1 close look | every 0.5 s | diag uses 1.2% of a CPU" in text


def test_a_finding_is_shown_and_who_is_stuck() -> None:
    text = drawn(scene(findings=(FINDING,)))
    assert "ERROR (proven) 2 threads wait for each other" in text
    assert "for ever: waits for a Lock" in text


@pytest.mark.parametrize(("width", "height"), [(40, 10), (80, 24), (200, 60)])
@pytest.mark.parametrize("count", [0, 5, 500])
def test_it_fits(width: int, height: int, count: int) -> None:
    lines = drawn(scene(count, findings=(FINDING,)), width=width, height=height).splitlines()
    assert len(lines) <= height
    assert all(len(line) <= width for line in lines)


def test_who_is_stuck_or_busy_is_shown_though_there_is_no_room_for_all() -> None:
    picture = scene(300)
    changed: dict[int, dict[str, Any]] = {250: {"stuck": True}, 280: {"cpu_cores": 0.9}}
    processes = tuple(
        replace(process, **changed.get(process.pid, {})) for process in picture.processes
    )
    lines = drawn(replace(picture, processes=processes), height=10).splitlines()
    assert {"10", "250", "280"} <= set(" ".join(lines[2:-2]).split())
    assert "and 296 more" in lines[-2]


def test_a_hostile_name_cannot_draw() -> None:
    text = drawn(scene(1, role="\x1b[2Jevil\n[bold]"))
    assert "\x1b" not in text
    assert "evil" in text


def test_each_process_stands_beneath_its_parent() -> None:
    tree = (
        ProcessScene(pid=1, parent_pid=0, role="root", threads=1, moved=0, cpu_cores=0),
        ProcessScene(pid=2, parent_pid=1, role="first", threads=1, moved=0, cpu_cores=0),
        ProcessScene(pid=3, parent_pid=1, role="second", threads=1, moved=0, cpu_cores=0),
        ProcessScene(pid=4, parent_pid=2, role="grandchild", threads=1, moved=0, cpu_cores=0),
        ProcessScene(pid=5, parent_pid=99, role="stray", threads=1, moved=0, cpu_cores=0),
    )
    picture = Scene(
        pid=1, command=(), elapsed_s=0, verdict=Verdict.UNKNOWN, doing="calm", processes=tree
    )
    lines = drawn(picture).splitlines()
    roles = [line.replace("└", "").split()[0] for line in lines[2:-1]]
    assert roles == ["root", "first", "grandchild", "second", "stray"]
