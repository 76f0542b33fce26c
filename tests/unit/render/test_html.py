"""The HTML report as text: what it says, what it weighs, what its parts are made of."""

import base64
import hashlib
import html as markup
import json
import re
import tomllib
from importlib.resources import files

import msgspec
import pytest

from diag.model.report import Point, Report, Series, Verdict
from diag.model.wait import WaitKind
from diag.render import html
from diag.render.html.charts import charts, standstill_s
from diag.render.html.data import embed
from diag.render.options import Options
from tests.conftest import Golden
from tests.unit.render.examples import (
    EXAMPLES,
    ORPHANED_LOCK,
    fork_logging,
    full,
    hostile,
    own_frame,
    process,
    report,
    series,
    thread,
    view,
)

VENDOR = files("diag.render.html").joinpath("vendor")
ELEMENT = re.compile(r"<(style|script)([^>]*)>(.*?)</\1>", re.DOTALL)


def page(shown: Report) -> str:
    return html.render(shown, Options())


def own_words(text: str) -> str:
    """Leave out the styles and scripts, which are the same in every report."""
    text = ELEMENT.sub(lambda found: found[0] if "json" in found[2] else "", text)
    return re.sub(r"sha256-[A-Za-z0-9+/=]+", "sha256-...", text)


@pytest.mark.parametrize("name", EXAMPLES)
def test_looks_as_agreed(name: str, golden: Golden) -> None:
    golden(f"html-{name}.html", own_words(page(EXAMPLES[name]())))


def test_every_inline_text_is_allowed_by_its_hash_and_nothing_else_is() -> None:
    text = page(full())
    (policy,) = re.findall(r'Content-Security-Policy" content="([^"]*)"', text)
    policy = markup.unescape(policy)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    assert "unsafe" not in policy
    for tag, attributes, body in ELEMENT.findall(text):
        if "json" not in attributes:
            digest = base64.b64encode(hashlib.sha256(body.encode()).digest()).decode()
            allowed = re.search(rf"{tag}-src ([^;]*)", policy)
            assert allowed is not None
            assert f"'sha256-{digest}'" in allowed[1]


def test_nothing_is_loaded_from_elsewhere() -> None:
    text = own_words(page(full()))
    assert not re.search(r'(?:src|href)\s*=\s*(?!"#)', text)
    assert "style=" not in text
    assert not re.search(r"\son\w+=", text)


def test_hostile_text_makes_no_element() -> None:
    text = own_words(page(hostile()))
    assert "&lt;script&gt;alert(1)" in text
    assert "<script>alert" not in text
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u202e\u2066\u200b]", text)


def test_data_cannot_end_its_script() -> None:
    value = {"a": "</script><!--<script>&\u2028\u2029"}
    text = embed(value)
    assert not set("<>&\u2028\u2029") & set(text)
    assert json.loads(text) == value


def test_a_hundred_processes_weigh_less_than_a_megabyte() -> None:
    views = []
    for number in range(100):
        frames = [own_frame(f"function_number_{n}_of_{number}", n) for n in range(1, 31)]
        pid = 3000 + number
        shown = process(pid, 2402, thread(pid, WaitKind.LOCK, *frames))
        views.append(view("worker", shown, f"waits for lock {number}", live=False))
    text = page(report(Verdict.HUNG, "all of them wait", *views))
    assert text.count('class="item stack') == 100
    assert len(text.encode()) < 1_000_000


def test_findings_beyond_the_first_are_counted() -> None:
    text = page(msgspec.structs.replace(fork_logging(), findings=(ORPHANED_LOCK,) * 300))
    assert text.count('<article class="finding') == 50
    assert "and 250 more findings" in text
    assert len(text.encode()) < 1_000_000


def test_vendored_files_are_those_of_the_packages() -> None:
    listed = tomllib.loads(VENDOR.joinpath("VENDOR.toml").read_text())
    named = {"VENDOR.toml"}
    for package in listed["package"]:
        assert package["licence"] == "MIT"
        assert any("LICENSE" in file["to"] for file in package["files"])
        for file in package["files"]:
            content = VENDOR.joinpath(file["to"]).read_bytes()
            assert hashlib.sha256(content).hexdigest() == file["sha256"], file["to"]
            named.add(file["to"])
    assert {entry.name for entry in VENDOR.iterdir()} == named


def test_a_library_comes_with_its_licence() -> None:
    assert page(full()).count("Permission is hereby granted, free of charge") == 2


def test_charts_say_what_they_show() -> None:
    words = [chart.words for chart in charts(full())]
    assert words[0] == "CPU: CPUs in use between 0 and 2.25, 0 at the end; quota 2."
    assert words[1].endswith("limit 512 MiB; worker 2404 30 MiB.")


def test_a_moment_is_no_chart() -> None:
    single = Series(name="threads", points=(Point(at_s=0.0, value=1.0),))
    quick = Series(name="threads", points=tuple(Point(at_s=n / 50, value=1.0) for n in range(9)))
    for none in (single, quick, series("threads", [1.0, 2.0])):
        assert charts(msgspec.structs.replace(fork_logging(), series=(none,))) == ()


def test_series_with_other_times_are_drawn_in_one_chart() -> None:
    times = ((0.5, 1.0), (2.0, 3.0), (4.0, 4.0))
    used = Series(name="rss_bytes", points=tuple(Point(at_s=at, value=v) for at, v in times))
    shown = msgspec.structs.replace(
        fork_logging(), series=(used, series("memory_used_bytes", [5.0, 6.0, 7.0]))
    )
    (chart,) = charts(shown)
    assert chart.times == (0.0, 0.5, 1.0, 2.0, 4.0)
    assert [line.values for line in chart.lines] == [
        (None, 1.0, None, 3.0, 4.0),
        (5.0, None, 6.0, 7.0, None),
    ]


@pytest.mark.parametrize(
    ("verdict", "values", "expected"),
    [
        (Verdict.HUNG, [1.0, 1.0, 0.0, 0.0, 0.0], 1.0),
        (Verdict.HUNG, [1.0, 1.0, 0.0, 1.0, 1.0], None),  # it still works
        (Verdict.HUNG, [0.0, 0.0, 0.0, 0.0, 0.0], None),  # it began before the first sample
        (Verdict.HEALTHY, [1.0, 1.0, 0.0, 0.0, 0.0], None),  # it idles
    ],
)
def test_the_moment_of_the_hang(
    verdict: Verdict, values: list[float], expected: float | None
) -> None:
    shown = msgspec.structs.replace(
        fork_logging(), verdict=verdict, series=(series("cpu_cores", values),)
    )
    assert standstill_s(shown) == expected
