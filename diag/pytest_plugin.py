"""`pytest --diag`: a test that hangs fails in seconds and says why.

A separate process watches pytest and everything that it starts. What runs is told to it
through a page of shared memory; see `diag.pytest_monitor`. Without `--diag` nothing of
diag is imported but this module.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

DEFAULT_STALL_S = 60.0
# Tells the workers of pytest-xdist, children of the controller, of the monitor.
_RUN = "DIAG_PYTEST_RUN"
_NAME = "diag-session"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options, on the command line and in the configuration."""
    group = parser.getgroup("diag", "why a test hangs (diag)")
    group.addoption("--diag", action="store_true", help="Let a test that hangs fail and say why.")
    group.addoption(
        "--diag-stall",
        type=float,
        metavar="SECONDS",
        help="Fail a test whose setup, call or teardown takes longer, though no hang is proven."
        f" Not given, it is looked at and reported after {DEFAULT_STALL_S:g} s, and goes on.",
    )
    group.addoption("--diag-dir", metavar="DIR", help="Folder for reports on hangs (.diag).")
    group.addoption(
        "--diag-no-leaks",
        action="store_true",
        help="Do not look for threads, processes and descriptors that a test leaves behind.",
    )
    group.addoption(
        "--diag-show-locals",
        action="store_true",
        help="Show values of variables of your own code in reports on hangs; what looks like a"
        " secret is masked.",
    )
    parser.addini("diag", "Same as --diag.", type="bool", default=False)
    parser.addini("diag_stall", "Same as --diag-stall.", default="")
    parser.addini("diag_dir", "Same as --diag-dir.", default="")
    parser.addini("diag_show_locals", "Same as --diag-show-locals.", type="bool", default=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> Generator[None, Any, Any]:
    """Begin before the first file of the project is imported."""
    options = early_config.known_args_namespace
    wanted = options.diag or early_config.getini("diag")
    # A signal can interrupt the main thread only.
    if wanted and threading.current_thread() is threading.main_thread():
        _begin(early_config, options)
    return (yield)


def pytest_configure(config: pytest.Config) -> None:
    """Declare the marker; tell the session that all plugins are there."""
    config.addinivalue_line(
        "markers",
        "diag(stall): with --diag, fail the test when its setup, call or teardown takes longer"
        " than that many seconds, though no hang is proven",
    )
    session = config.pluginmanager.get_plugin(_NAME)
    if session is not None:
        session.loaded()


def _begin(config: pytest.Config, options: Any) -> None:
    from diag.consent import allow_attach
    from diag.pytest_monitor.conditions import seconds
    from diag.pytest_monitor.leaks import Leaks
    from diag.pytest_monitor.session import Session

    stall = config.getini("diag_stall") if options.diag_stall is None else options.diag_stall
    stall_s = DEFAULT_STALL_S if stall == "" else seconds(stall, "--diag-stall")
    run = json.loads(os.environ.get(_RUN, "null")) or {"pid": None}
    again = run["pid"] == os.getpid()
    if again and not run["over"]:
        return  # a pytest that a test runs within this process
    is_worker = run["pid"] == os.getppid() and "PYTEST_XDIST_WORKER" in os.environ
    if not is_worker and not again:
        run = _start_monitor(config, options)
    if not is_worker:
        _publish(run, over=False)
        config.add_cleanup(lambda: _publish(run, over=True))

    allow_attach(run["monitor"])
    session = Session(
        config,
        Path(run["folder"]),
        stall_s=stall_s,
        stall_fails=stall != "",
        is_worker=is_worker,
    )
    config.pluginmanager.register(session, _NAME)
    if not options.diag_no_leaks:
        config.pluginmanager.register(Leaks(config, session), "diag-leaks")


def _publish(run: dict[str, Any], *, over: bool) -> None:
    """Tell workers, and a later pytest in this process, of the monitor."""
    if run["pid"] == os.getpid():
        os.environ[_RUN] = json.dumps({**run, "over": over})


def _start_monitor(config: pytest.Config, options: Any) -> dict[str, Any]:
    """Start the monitor; it leaves the tree at once, so that it is no part of what it looks at."""
    import subprocess
    import sys
    import tempfile

    folder = tempfile.mkdtemp(prefix="diag-pytest-")  # the monitor removes it
    keep_in = options.diag_dir or config.getini("diag_dir") or config.rootpath / ".diag"
    command = [sys.executable, "-m", "diag.pytest_monitor", str(os.getpid()), folder]
    wants_locals = options.diag_show_locals or config.getini("diag_show_locals")
    flags = ["--show-locals"] if wants_locals else []
    begun = subprocess.run(
        [*command, str(Path(keep_in).absolute()), *flags],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        start_new_session=True,
        check=False,
    )
    if begun.returncode != 0:
        raise pytest.UsageError("--diag: the monitor cannot be started: see standard error")
    return {"pid": os.getpid(), "folder": folder, "monitor": int(begun.stdout)}
