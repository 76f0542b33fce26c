"""The terminal formats: what they look like, and that nothing gets through them."""

import unicodedata
from collections.abc import Callable

import msgspec
import pytest

from diag.model.finding import Severity
from diag.model.report import Report, Verdict
from diag.model.wait import WaitKind
from diag.render import dump, terminal
from diag.render.options import DEFAULT_WIDTH, Options
from tests.conftest import Golden
from tests.unit.render.examples import (
    EXAMPLES,
    HOSTILE,
    fork_logging,
    gaps,
    healthy,
    hostile,
    many,
    process,
    report,
    thread,
    view,
)

Render = Callable[[Report, Options], str]


@pytest.mark.parametrize("name", EXAMPLES)
def test_terminal_looks_as_agreed(name: str, golden: Golden) -> None:
    golden(f"terminal-{name}.txt", terminal.render(EXAMPLES[name](), Options()))


@pytest.mark.parametrize("name", EXAMPLES)
def test_dump_looks_as_agreed(name: str, golden: Golden) -> None:
    golden(f"dump-{name}.txt", dump.render(EXAMPLES[name](), Options()))


@pytest.mark.parametrize("render", [terminal.render, dump.render])
@pytest.mark.parametrize("width", [20, 40, 60, 80, 100, 200])
@pytest.mark.parametrize("name", EXAMPLES)
def test_fits_the_width(render: Render, name: str, width: int) -> None:
    text = render(EXAMPLES[name](), Options(width=width))
    assert max(map(len, text.splitlines())) <= max(width, 40)


@pytest.mark.parametrize("render", [terminal.render, dump.render])
def test_nothing_of_the_target_acts_on_the_terminal(render: Render) -> None:
    text = render(hostile(), Options(colour=False))
    acting = {c for c in text if c != "\n" and unicodedata.category(c) in {"Cc", "Cf", "Cs"}}
    assert acting == set()
    assert "[red]markup[/red]" in text.replace("\n  ", " ")


def test_colour_adds_only_the_codes_of_styles() -> None:
    coloured = terminal.render(hostile(), Options(colour=True))
    assert "\x1b[1;33mDEGRADED" in coloured
    assert "\x1b]0" not in coloured
    assert "\x1b[2J" not in coloured
    assert "\x1b" not in terminal.render(fork_logging(), Options(colour=False))


def test_ascii_only_where_asked() -> None:
    assert terminal.render(fork_logging(), Options(unicode=False)).isascii()
    assert terminal.render(hostile(), Options(unicode=False)).isascii()


def test_verdict_is_the_first_line_and_says_how_sure() -> None:
    first = terminal.render(fork_logging(), Options()).splitlines()[0]
    assert first == "HUNG (proven)  3 of 3 workers can never run again"


def test_the_headline_is_not_said_twice() -> None:
    report = fork_logging()
    repeated = msgspec.structs.replace(report, headline=report.findings[0].title)
    text = terminal.render(repeated, Options())
    assert text.count(repeated.headline) == 1
    assert "ERROR (proven)  orphaned-lock-after-fork" in text


def test_a_place_that_the_details_name_is_not_added_to_the_step() -> None:
    report = fork_logging()
    link = report.findings[0].chain[1]
    said = msgspec.structs.replace(link, details=("in main (shop/main.py:26)",))
    finding = msgspec.structs.replace(report.findings[0], chain=(said,))
    text = terminal.render(msgspec.structs.replace(report, findings=(finding,)), Options())
    assert "  main thread of 2402 waits for 2404 to exit\n    in main (shop/main.py:26)" in text


def test_healthy_claims_no_confidence() -> None:
    assert terminal.render(healthy(), Options()).startswith("HEALTHY  everything waits")


def test_hung_is_as_sure_as_its_gravest_error() -> None:
    report = many()
    likely = tuple(f for f in report.findings if f.confidence != "proven")
    text = terminal.render(msgspec.structs.replace(report, findings=likely), Options())
    assert text.startswith("HUNG (likely)")


def test_degraded_takes_a_warning() -> None:
    report = many()
    warnings = tuple(f for f in report.findings if f.severity is Severity.WARNING)
    changed = msgspec.structs.replace(report, findings=warnings, verdict=Verdict.DEGRADED)
    assert terminal.render(changed, Options()).startswith("DEGRADED (likely)")


def test_what_is_long_is_capped_and_says_so() -> None:
    text = terminal.render(many(), Options())
    assert "more facts (all of them with --json)" in text
    assert "more places (all of them with --json)" in text


def test_of_too_many_rows_the_stuck_ones_stay() -> None:
    fine = [
        view("w", process(p, 1, thread(p, WaitKind.READ)), f"reads {p}") for p in range(100, 160)
    ]
    stuck = view("w", process(7777, 1, thread(7777, WaitKind.LOCK)), "waits", live=False)
    text = terminal.render(report(Verdict.HUNG, "hung", *fine, stuck), Options())
    tree = text[: text.index("Threads")]
    assert "7777" in tree
    assert "and 21 more rows (all of them with --json)" in tree


def test_every_gap_has_its_reason() -> None:
    text = terminal.render(gaps(), Options())
    assert "1 of 3 processes read" in text
    assert "stacks: py-spy is not installed: pip install py-spy" in text
    assert "rule lock-cycle was not run: it needs memory of 2402" in text


def test_equal_siblings_share_a_row_and_equal_stacks_a_group() -> None:
    text = terminal.render(healthy(), Options(width=DEFAULT_WIDTH))
    assert "24 x idle worker" in text
    assert text.count("Connection._recv") == 1


def test_user_frames_are_marked_without_colour() -> None:
    text = terminal.render(fork_logging(), Options())
    assert "  > handle_order " in text
    assert "    Handler.acquire " in text


def test_hostile_text_is_really_hostile() -> None:
    assert {"\x1b", "\n", "\r", "\u202e", "\u200b"} <= set(HOSTILE)
