"""What each command asks the pipeline, prints, writes and returns."""

import json
from pathlib import Path

import pytest

from diag.cli.app import COMMANDS, run
from diag.errors import TargetForbiddenError, TargetGoneError
from diag.model.codec import decode_report, encode_line
from diag.rules.registry import RULES
from tests.unit.cli.conftest import FakePipeline, recording
from tests.unit.render.examples import healthy, many

Captured = pytest.CaptureFixture[str]


def test_attach_prints_the_report_and_says_that_there_are_findings(
    fake: FakePipeline, capsys: Captured
) -> None:
    assert run(["attach", "2402", "--for", "2.5", "--no-stacks"]) == 1
    assert fake.asked == [("look", (2402, 2.5, False, False)), ("judge", 2)]
    printed = capsys.readouterr()
    assert printed.out.startswith("HUNG (proven)  3 of 3 workers")
    assert "\x1b" not in printed.out
    assert printed.err == ""


def test_attach_on_a_healthy_tree(fake: FakePipeline, capsys: Captured) -> None:
    fake.report = healthy()
    assert run(["attach", "1"]) == 0
    assert capsys.readouterr().out.startswith("HEALTHY")


@pytest.mark.parametrize(
    ("fail_on", "expected"), [("error", 0), ("warning", 1), ("never", 0), (None, 0)]
)
def test_fail_on(fake: FakePipeline, fail_on: str | None, expected: int) -> None:
    import msgspec

    warnings = tuple(f for f in many().findings if f.severity == "warning")
    fake.report = msgspec.structs.replace(many(), findings=warnings)
    assert run(["attach", "1", *(["--fail-on", fail_on] if fail_on else [])]) == expected


@pytest.mark.parametrize("how", [["--json"], ["--format", "json"], ["--format=terminal", "--json"]])
def test_json_is_the_whole_report_and_nothing_else(
    fake: FakePipeline, capsys: Captured, how: list[str]
) -> None:
    assert run(["attach", "1", *how]) == 1
    assert decode_report(capsys.readouterr().out.encode()) == fake.report


def test_several_reports_at_once(fake: FakePipeline, capsys: Captured, tmp_path: Path) -> None:
    main, other = tmp_path / "main.txt", tmp_path / "with=sign.json"
    arguments = ["attach", "1", "-o", str(main), "--report", f"json={other}"]
    assert run([*arguments, "--report", f"terminal={tmp_path / 'again.txt'}"]) == 1
    assert capsys.readouterr().out == ""
    assert main.read_text().startswith("HUNG")
    assert (tmp_path / "again.txt").read_text() == main.read_text()
    assert decode_report(other.read_bytes()) == fake.report
    assert sorted(p.name for p in tmp_path.iterdir()) == ["again.txt", "main.txt", "with=sign.json"]


def test_dump_takes_one_snapshot_and_judges_nothing(fake: FakePipeline, capsys: Captured) -> None:
    assert run(["dump", "2402"]) == 0
    assert fake.asked == [("snapshot", (2402, True, False)), ("describe", 2)]
    out = capsys.readouterr().out
    assert out.startswith("python3 -m shop.main (pid 2402)")
    assert '"chatter" tid 2403, sleeping' in out
    assert "HUNG" not in out


@pytest.mark.parametrize("command", ["attach", "dump"])
def test_values_of_variables_are_asked_for_by_an_option(fake: FakePipeline, command: str) -> None:
    run([command, "2402", "--show-locals"])
    asked = fake.asked[0][1]
    assert isinstance(asked, tuple)
    assert asked[-2:] == (True, True)


def test_values_of_variables_need_stacks(fake: FakePipeline, capsys: Captured) -> None:
    assert run(["attach", "1", "--show-locals", "--no-stacks"]) == 2
    assert fake.asked == []
    assert "exclude each other" in capsys.readouterr().err


def test_dump_as_json(fake: FakePipeline, capsys: Captured) -> None:
    assert run(["dump", "2402", "--json"]) == 0
    assert decode_report(capsys.readouterr().out.encode()) == fake.report


def test_a_recording_is_written_as_it_comes(fake: FakePipeline, tmp_path: Path) -> None:
    file = tmp_path / "r.jsonl"
    fake.fail(TargetGoneError)
    assert run(["attach", "1", "--record", str(file)]) == 3
    assert file.read_bytes() == b"".join(map(encode_line, fake.lines))


def test_report_judges_a_recording(fake: FakePipeline, capsys: Captured, tmp_path: Path) -> None:
    taken = recording()
    lines = [encode_line(taken.header), *map(encode_line, taken.snapshots)]
    file = tmp_path / "r.jsonl"
    file.write_bytes(b"".join(lines) + b'{"record":"snapsh')
    assert run(["report", str(file)]) == 1
    assert fake.asked == [("judge", 2)]
    assert capsys.readouterr().out.startswith("HUNG")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"", "not a diag recording"),
        (b"\x00\xff\xfe garbage", "not a diag recording"),
        (b"[1, 2]\n", "not a diag recording"),
        (b'{"record":"header","format":99}\n', "format 99"),
        (encode_line(recording().header), "holds no complete look"),
        (encode_line(recording().header) + b"{cut", "1 line(s) could not be decoded"),
    ],
)
def test_what_is_no_recording_is_said_in_one_line(
    fake: FakePipeline, capsys: Captured, tmp_path: Path, content: bytes | None, message: str
) -> None:
    file = tmp_path / "r.jsonl"
    if content is not None:
        file.write_bytes(content)
    assert run(["report", str(file)]) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[0].startswith("diag: error: ")
    assert message in error[0]
    assert str(file) in error[0]
    assert fake.asked == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["attach", "x"],
        ["attach", "0"],
        ["attach", "-1"],
        ["attach", "٣"],
        ["attach"],
        ["attach", "1", "--for", "nan"],
        ["attach", "1", "--for", "-1"],
        ["attach", "1", "--for", "inf"],
        ["attach", "1", "--fail-on", "sometimes"],
        ["attach", "1", "--format", "pdf"],
        ["attach", "1", "--report", "pdf=x"],
        ["attach", "1", "--report", "json"],
        ["attach", "1", "--report", "json="],
        ["dump", "1", "--fail-on", "never"],
        ["nonsense"],
        ["rules", "nonsense"],
        ["cpus", "--pid", "x"],
    ],
)
def test_wrong_usage(fake: FakePipeline, capsys: Captured, arguments: list[str]) -> None:
    assert run(arguments) == 2
    error = capsys.readouterr().err.splitlines()
    assert error[0].startswith("diag: error: ")
    assert error[1].startswith("hint: ")
    assert len(error) == 2
    assert fake.asked == []


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (TargetGoneError("no such process: 7"), 3),
        (TargetForbiddenError("7 may not be read", hint="run diag with sudo"), 3),
    ],
)
@pytest.mark.parametrize("command", ["attach", "dump"])
def test_a_target_that_cannot_be_observed(
    fake: FakePipeline, capsys: Captured, command: str, error: Exception, status: int
) -> None:
    fake.fail(error)
    assert run([command, "7"]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines()[0] == f"diag: error: {error}"
    assert ("hint: run diag with sudo" in printed.err) == (error.args[0] == "7 may not be read")


def test_help_and_version(capsys: Captured) -> None:
    assert run(["--help"]) == 0
    text = capsys.readouterr().out
    assert all(command in text for command in COMMANDS)
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("diag ")


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help(capsys: Captured, command: str) -> None:
    assert run([command, "--help"]) == 0
    assert "Usage: diag " + command in capsys.readouterr().out


def test_without_a_command_the_help_is_shown(capsys: Captured) -> None:
    run([])
    printed = capsys.readouterr()
    assert "Commands:" in printed.err + printed.out


def test_rules_lists_every_rule(capsys: Captured) -> None:
    assert run(["rules"]) == 0
    out = capsys.readouterr().out
    assert all(rule.id in out and rule.title in out for rule in RULES)


@pytest.mark.parametrize("rule", [rule.id for rule in RULES])
def test_rules_prints_the_page_of_a_rule(capsys: Captured, rule: str) -> None:
    assert run(["rules", rule]) == 0
    assert capsys.readouterr().out.startswith("# ")


def test_a_rule_that_is_nearly_right(capsys: Captured) -> None:
    assert run(["rules", "lock-cycel"]) == 2
    assert "hint: did you mean lock-cycle?" in capsys.readouterr().err


def test_cpus(capsys: Captured) -> None:
    assert run(["cpus"]) == 0
    workers = int(capsys.readouterr().out)
    assert workers >= 1
    assert run(["cpus", "--explain"]) == 0
    assert "os.cpu_count() says" in capsys.readouterr().out
    assert run(["cpus", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["workers"] == workers


def test_cpus_of_a_process_that_is_gone(capsys: Captured) -> None:
    assert run(["cpus", "--pid", "99999999"]) == 3
    assert capsys.readouterr().err == "diag: error: no such process: 99999999\n"
