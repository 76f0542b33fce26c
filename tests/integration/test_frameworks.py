"""Pools that servers, queues and test runners make: idle workers, and the one that is stuck."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from diag.model.report import PoolView, Report
from diag.pipeline import judge, look
from tests.integration import harness, pythons

FOLDER = harness.PROGRAMS / "frameworks"
DEADLINE_S = 40.0


@contextmanager
def started(*arguments: str, cwd: Path, **variables: str) -> Iterator[int]:
    with subprocess.Popen(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**pythons.environment(), "PYTHONPATH": str(FOLDER), **variables},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as process:
        try:
            yield process.pid
        finally:
            for pid in harness.session(process.pid):
                os.kill(pid, signal.SIGKILL)


def report_when(pid: int, ready: Callable[[PoolView], bool]) -> tuple[Report, PoolView]:
    """Look again and again until a pool is in some state."""
    deadline = time.monotonic() + DEADLINE_S
    while time.monotonic() < deadline:
        report = judge(look(pid, for_s=0.5))
        for pool in report.pools:
            if ready(pool):
                return report, pool
    raise AssertionError(report.pools)


def one_is_stuck(pool: PoolView) -> bool:
    return len(pool.stuck) == 1 and not pool.working


def test_gunicorn(tmp_path: Path) -> None:
    pytest.importorskip("gunicorn")
    path = tmp_path / "socket"
    command = ("-m", "gunicorn", "-w", "3", "-t", "0", "-b", f"unix:{path}", "shop:application")
    with started(*command, cwd=tmp_path) as pid:
        report, pool = report_when(pid, lambda pool: len(pool.idle) == 3)
        assert (pool.kind, pool.pid, pool.stuck) == ("gunicorn", pid, ())
        assert not report.findings
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(path))
            client.sendall(b"GET /stuck HTTP/1.0\r\n\r\n")
            report, pool = report_when(pid, one_is_stuck)
    assert len(pool.idle) == 2
    assert "enter_twice" in pool.outliers[0]
    roles = [view.role for view in report.processes]
    assert roles.count("worker") == 3


def test_celery(tmp_path: Path) -> None:
    pytest.importorskip("celery")
    variables = {"BROKER": str(tmp_path)}
    command = ("-m", "celery", "-A", "shop", "worker", "-c", "2", "-l", "ERROR")
    with started(*command, cwd=tmp_path, **variables) as pid:
        _, pool = report_when(pid, lambda pool: len(pool.idle) == 2)
        assert (pool.kind, pool.pid) == ("Celery", pid)
        send = "import shop; shop.order.delay()"
        with started("-c", send, cwd=tmp_path, **variables):
            _, pool = report_when(pid, one_is_stuck)
    assert len(pool.idle) == 1
    assert "enter_twice" in pool.outliers[0]


def test_xdist(tmp_path: Path) -> None:
    pytest.importorskip("xdist")
    command = ("-m", "pytest", "-n", "2", "-p", "no:cacheprovider", str(FOLDER / "shop.py"))
    with started(*command, cwd=tmp_path) as pid:
        _, pool = report_when(pid, one_is_stuck)
    assert (pool.kind, pool.pid) == ("pytest-xdist", pid)
    assert "enter_twice" in pool.outliers[0]


def test_loky(tmp_path: Path) -> None:
    pytest.importorskip("loky")
    with started(str(FOLDER / "loky_pool.py"), cwd=tmp_path) as pid:
        report, pool = report_when(pid, one_is_stuck)
    assert (pool.kind, pool.pid, len(pool.idle)) == ("loky", pid, 2)
    assert "manager" in pool.machinery.values()
    (finding,) = report.findings
    assert finding.primary.function == "enter_twice"
    assert pid in {place.pid for place in finding.related}
