"""No secret of a program gets into a recording or a report, in any format.

A program that hangs carries secrets wherever a program can; each is a different word that
nothing but its place gives away, so a leak says where it is.
"""

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from diag import pipeline, policy
from diag.model.codec import Line, encode_line
from diag.model.recording import Recording
from diag.model.report import Report, Verdict
from diag.render.options import Options
from diag.render.registry import DUMP_FORMATS, FORMATS, renderer
from tests.integration.pythons import environment

PROGRAM = """
import fcntl, os, socket, sys, threading

first, second = threading.RLock(), threading.RLock()
taken = threading.Event()

def hang(password, order):
    api_key = "sixlocals" + password[:0]
    login = {"user": "ann", "password": "twelvedict"}
    command = ["job", "--token", "thirteenlist"]
    address = "postgres://ann:fourteenurl@db/shop"
    hostile = "\\x1b[31m<script>alert(1)</script>"
    with first:
        threading.Thread(target=cross, name="token=sevenname", daemon=True).start()
        for work in (queue_up, listen, drink):
            threading.Thread(target=work, name=work.__name__, daemon=True).start()
        taken.wait()
        print("READY", os.getpid(), flush=True)
        second.acquire()

def cross():
    with second:
        taken.set()
        first.acquire()

def queue_up():
    mine, again = open("password=eightfile.lock", "w"), open("password=eightfile.lock", "w")
    fcntl.flock(mine, fcntl.LOCK_EX)
    fcntl.flock(again, fcntl.LOCK_EX)

def listen():
    server = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    server.bind("auth_token=ninesocket.sock")
    server.recv(1)

def drink():
    os.read(0, 1)

hang("fivelocals", "plainvalue")
"""
ARGUMENTS = (
    "--password",
    "oneword",
    "--api-key=twoword",
    "https://ann:threeword@example.org/",
    "-H",
    "Authorization: Bearer fourword",
)
SECRETS = (
    "oneword",
    "twoword",
    "threeword",
    "fourword",
    "fivelocals",
    "sixlocals",
    "sevenname",
    "eightfile",
    "ninesocket",
    "tenenviron",
    "elevenstdin",
    "twelvedict",
    "thirteenlist",
    "fourteenurl",
)
# No secret: but without --show-locals no value at all is kept.
VALUE = "plainvalue"


@contextlib.contextmanager
def hung_program(folder: Path) -> Iterator[int]:
    script = folder / "hang.py"
    script.write_text(PROGRAM)
    entry = folder / "client_secret=elevenstdin.fifo"
    os.mkfifo(entry)
    stdin = os.open(entry, os.O_RDWR)
    process = subprocess.Popen(
        [sys.executable, script, *ARGUMENTS],
        stdin=stdin,
        stdout=subprocess.PIPE,
        cwd=folder,
        env={**environment(), "AWS_SECRET_ACCESS_KEY": "tenenviron"},
        start_new_session=True,
    )
    os.close(stdin)
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"READY %d\n" % process.pid
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    with hung_program(tmp_path_factory.mktemp("hung")) as pid:
        return pipeline.look(pid, for_s=0.5)


@pytest.fixture(scope="module")
def seen_with_values(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    with hung_program(tmp_path_factory.mktemp("hung")) as pid:
        return pipeline.look(pid, for_s=0.5, show_locals=True)


def names(recording: Recording) -> set[str]:
    return {
        thread.stack.thread_name or ""
        for process in recording.snapshots[0].processes
        for thread in process.threads
        if thread.stack is not None
    }


def test_the_places_were_looked_at(seen: Recording) -> None:
    """The other tests mean something only if what was masked is shown otherwise."""
    assert names(seen) == {"MainThread", "token=***", "queue_up", "listen", "drink"}
    shown = b"".join(encode_line(snapshot) for snapshot in seen.snapshots).decode()
    for part in (
        "hang.py",
        "--api-key=***",
        "https://ann:***@example.org/",
        "password=***",
        "client_secret=***",
        "example.org",
    ):
        assert part in shown, part


def leaks(text: str) -> list[str]:
    return [secret for secret in SECRETS if secret in text]


def text_of(recording: Recording) -> str:
    parts = (recording.snapshots, recording.samples, recording.activities)
    lines: list[Line] = [recording.header, *(line for part in parts for line in part)]
    return b"".join(map(encode_line, lines)).decode("utf-8", "replace")


def test_a_recording_holds_no_secret(seen: Recording) -> None:
    assert leaks(text_of(seen)) == []
    assert VALUE not in text_of(seen)


def test_a_recording_with_values_holds_no_secret(seen_with_values: Recording) -> None:
    text = text_of(seen_with_values)
    assert leaks(text) == []
    assert VALUE in text
    for name in ("password", "api_key", "login", "command", "address", "order", "hostile"):
        assert f'"name":"{name}"' in text, name


def reports(recording: Recording) -> Iterator[Report]:
    for report in (pipeline.judge(recording), pipeline.describe(recording)):
        yield report
        yield policy.apply(report, policy.Policy(project="/nowhere"))


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_shows_no_secret(seen: Recording, name: str) -> None:
    for report in reports(seen):
        for formats in (FORMATS, DUMP_FORMATS):
            text = renderer(formats, name)(report, Options())
            assert leaks(text) == []
            assert VALUE not in text


@pytest.mark.parametrize("name", FORMATS)
def test_a_report_with_values_shows_no_secret(seen_with_values: Recording, name: str) -> None:
    shows = name in ("terminal", "markdown", "html", "json")
    for report in reports(seen_with_values):
        for formats in (FORMATS, DUMP_FORMATS):
            text = renderer(formats, name)(report, Options())
            assert leaks(text) == []
            if report.verdict is Verdict.HUNG:  # a second look, described alone, has no stacks
                assert (VALUE in text) == shows
            assert "\x1b" not in text
            assert name != "html" or "<script>alert" not in text


def test_a_baseline_holds_no_secret(seen: Recording) -> None:
    report = policy.apply(pipeline.judge(seen), policy.Policy())
    assert [finding.rule for finding in report.findings][:1] == ["lock-cycle"]
    assert leaks(policy.encode_baseline(report)) == []
