"""Trees to look at, CPU time of processes, and tables, for all benchmarks."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parents[1]
TICKS_PER_S = os.sysconf("SC_CLK_TCK")
# One process that forks the others; in each, threads that sleep a moment over and over.
TREE = """
import os, sys, threading, time
processes, threads, pause_s = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
def rest():
    while True:
        time.sleep(pause_s)
parent = os.getpid()
for _ in range(processes - 1):
    if os.fork() == 0:
        break
for _ in range(threads - 1):
    threading.Thread(target=rest, daemon=True).start()
if os.getpid() == parent:
    print("READY", flush=True)
rest()
"""


def environment() -> dict[str, str]:
    """Return an environment in which diag is found, and Python blocks as it does for users."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    return {**kept, "PYTHONPATH": str(REPOSITORY)}


@contextmanager
def started(code: str, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program in a session of its own once it has said READY; kill all of it after."""
    process = subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdout=subprocess.PIPE,
        env=environment(),
        start_new_session=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline().startswith(b"READY")
        yield process
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@contextmanager
def tree(processes: int, threads: int = 4, pause_s: float = 60.0) -> Iterator[int]:
    """Run a tree whose threads sleep `pause_s` over and over; give the root's pid."""
    with started(TREE, processes, threads, pause_s) as root:
        time.sleep(1.0 + processes / 200)  # until every thread has begun
        yield root.pid


@contextmanager
def watching(pid: int, *options: str) -> Iterator[subprocess.Popen[bytes]]:
    """Run `diag watch` until the block ends."""
    command = [sys.executable, "-m", "diag", "watch", str(pid), "--quiet", *options]
    process = subprocess.Popen(
        command, env=environment(), stdout=subprocess.DEVNULL, start_new_session=True
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def cpu_s(pid: int) -> float:
    """Return the CPU time of a process and of its children that have ended."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICKS_PER_S


def show(title: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Print a table."""
    table = Table(title=title, title_justify="left")
    for number, name in enumerate(columns):
        table.add_column(name, justify="right" if number else "left")
    for row in rows:
        table.add_row(*map(str, row))
    Console().print(table)


def machine() -> str:
    """Return what was measured on, in a line."""
    return f"{os.cpu_count()} CPUs, Linux {os.uname().release}, Python {sys.version.split()[0]}"
