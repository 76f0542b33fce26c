"""What a look at 33 Python processes costs, against bare py-spy and pystack on the same processes.

The look is all that `diag attach` does (two sweeps, stacks, lock owners) but the wait
between the sweeps. All are measured in turn, so that they meet the same noise, and
medians are compared. pystack is left out where it is not installed
(benchmarks/requirements.txt). Also: how long `diag --version` takes to start.
"""

import os
import shutil
import signal
import statistics
import subprocess
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import psutil
from rich.console import Console
from rich.table import Table

from diag.collect.pyspy import find_pyspy
from diag.pipeline import look

TARGET = Path(__file__).with_name("tree_33.py")
RUNS = 9
PARALLEL = 8
DUMP_DEADLINE_S = 30.0
STARTS = 15
BOUND = 2.0  # a look may cost at most twice what py-spy alone does


@contextmanager
def tree() -> Iterator[list[int]]:
    """Run the target; give its pids, the root first."""
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONUNBUFFERED"}
    root = subprocess.Popen(
        [sys.executable, str(TARGET)],
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
        start_new_session=True,
    )
    try:
        assert root.stdout is not None
        if not root.stdout.readline().startswith("READY"):
            raise SystemExit("the benchmark's target did not start")
        yield [root.pid, *(child.pid for child in psutil.Process(root.pid).children())]
    finally:
        os.killpg(root.pid, signal.SIGKILL)
        root.communicate()


def dump_all(command: list[str], pids: list[int]) -> None:
    """Take the stacks of all processes with a command, several at a time."""

    def dump(pid: int) -> None:
        one = [*command, str(pid)]
        subprocess.run(one, capture_output=True, timeout=DUMP_DEADLINE_S, check=True)

    with ThreadPoolExecutor(PARALLEL) as pool:
        list(pool.map(dump, pids))


def seconds(work: Callable[[], object]) -> float:
    """Return how long a call took."""
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


def in_turn(runs: int, *works: Callable[[], object]) -> list[list[float]]:
    """Return the durations of each work, run one after the other in every round."""
    for work in works:
        work()  # files and caches are warm for all
    rounds = [[seconds(work) for work in works] for _ in range(runs)]
    return [list(column) for column in zip(*rounds, strict=True)]


def run(*command: str) -> None:
    """Run a command to its end."""
    subprocess.run(command, capture_output=True, check=True)


def main() -> None:
    """Measure and print the table."""
    pyspy = find_pyspy()
    if pyspy is None:
        raise SystemExit("py-spy was not found")
    dumps = {"py-spy dump": [pyspy, "dump", "--nonblocking", "--json", "--pid"]}
    beside = Path(sysconfig.get_path("scripts")) / "pystack"
    if pystack := str(beside) if beside.is_file() else shutil.which("pystack"):
        dumps["pystack remote"] = [pystack, "remote", "--no-block"]
    with tree() as pids:
        look_s, *dumps_s = in_turn(
            RUNS,
            lambda: look(pids[0], for_s=0.0),
            *(partial(dump_all, command, pids) for command in dumps.values()),
        )
    diag = str(Path(sysconfig.get_path("scripts")) / "diag")
    diag_s, python_s = in_turn(
        STARTS, lambda: run(diag, "--version"), lambda: run(sys.executable, "-c", "pass")
    )

    table = Table(title=f"{len(pids)} processes x 4 threads, {os.cpu_count()} CPUs")
    for heading in ("what", "median", "fastest", "slowest"):
        table.add_column(heading, justify="left" if heading == "what" else "right")
    rows = {
        "diag: a look without its wait": look_s,
        **{
            f"{name}, {PARALLEL} at a time": taken_s
            for name, taken_s in zip(dumps, dumps_s, strict=True)
        },
        "diag --version": diag_s,
        "python -c pass": python_s,
    }
    for what, durations in rows.items():
        values = (statistics.median(durations), min(durations), max(durations))
        table.add_row(what, *(f"{value * 1000:.0f} ms" for value in values))
    console = Console()
    console.print(table)
    ratios = [statistics.median(look_s) / statistics.median(taken_s) for taken_s in dumps_s]
    for name, ratio in zip(dumps, ratios, strict=True):
        console.print(f"a look costs {ratio:.2f} times what {name} does")
    console.print(f"bound: {BOUND:g} times py-spy")
    if ratios[0] > BOUND:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
