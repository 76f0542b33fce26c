"""What is done on a hang: `--on-hang report`, `kill` or `exec CMD`, and `--core`."""

from __future__ import annotations

import contextlib
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import click

from diag.cli.exits import say

if TYPE_CHECKING:
    from diag.model.ids import ProcessId
    from diag.model.report import Report
    from diag.watching.target import Target

GRACE_S = 3.0
EXEC_DEADLINE_S = 60.0
CORE_DEADLINE_S = 120.0
KILL_ROUNDS = 5  # a tree may start processes while it is being ended


class OnHang(NamedTuple):
    """What to do: "report", "kill", or "exec" with a command."""

    action: str
    command: tuple[str, ...] = ()


def parse_on_hang(_ctx: click.Context, _param: click.Parameter, value: str) -> OnHang:
    """Parse the value of `--on-hang`."""
    action, _, rest = value.strip().partition(" ")
    try:
        words = tuple(shlex.split(rest))
    except ValueError as error:
        raise click.BadParameter(f"{rest!r} is no command: {error}") from error
    if (action in ("report", "kill") and not words) or (action == "exec" and words):
        return OnHang(action, words)
    raise click.BadParameter(f"{value!r} is not report, kill or exec CMD.")


class HangAction:
    """Acts on a hang, after the evidence is safe.

    Args:
        target: the tree.
        on_hang: what to do.
        core: folder for a core file of the guilty process, None for none.
        save: called first: writes the reports.

    """

    def __init__(
        self, target: Target, on_hang: OnHang, core: Path | None, save: Callable[[Report], None]
    ) -> None:
        self._target, self._on_hang, self._core, self._save = target, on_hang, core, save

    @property
    def wanted(self) -> bool:
        """Whether a hang asks for more than a report."""
        return self._on_hang.action != "report" or self._core is not None

    def on_hang(self, report: Report | None, tree: tuple[ProcessId, ...]) -> bool:
        """Do what was asked for; return whether the tree was ended."""
        if report is not None:
            self._save(report)
            if self._core is not None:
                self._keep_core(report, self._core)
            if self._on_hang.action == "exec":
                self._execute(report)
        if self._on_hang.action == "kill":
            return self.kill(report, tree)
        return False

    def kill(self, _report: Report | None, tree: tuple[ProcessId, ...]) -> bool:
        """End the tree, children first, and what it starts meanwhile."""
        from diag.watching.target import end

        for _ in range(KILL_ROUNDS):
            survivors = end(tree, grace_s=GRACE_S)
            if survivors:
                say(f"warning: could not end {', '.join(map(str, survivors))}")
            known = set(tree)
            tree = self._still_there()
            if not set(tree) - known:
                break
        return True

    def _still_there(self) -> tuple[ProcessId, ...]:
        from diag.collect.tree import read_tree
        from diag.model.ids import ProcessId

        found: dict[ProcessId, None] = {}  # a set that keeps the order
        roots = () if self._target.has_exited() else (self._target.pid,)
        for root in (*roots, *self._target.adopted()):
            with contextlib.suppress(OSError):  # it ended
                for node in read_tree(root).nodes:
                    found[ProcessId(pid=node.pid, start_ticks=node.stat.start_ticks)] = None
        return tuple(found)

    def _keep_core(self, report: Report, folder: Path) -> None:
        from diag.watching.helper import run_helper

        guilty = report.findings[0].primary.pid
        failure = run_helper(
            ["gcore", "-o", str(folder / "core"), str(guilty)],
            deadline_s=CORE_DEADLINE_S,
            mask=self._target.signals.original_mask,
        )
        say(f"no core of {guilty}: {failure}" if failure else f"core kept: {folder}/core.{guilty}")

    def _execute(self, report: Report) -> None:
        from diag.model.codec import encode_report
        from diag.watching.helper import run_helper

        failure = run_helper(
            self._on_hang.command,
            deadline_s=EXEC_DEADLINE_S,
            mask=self._target.signals.original_mask,
            stdin=encode_report(report),
            environment={"DIAG_PID": str(self._target.pid)},
        )
        if failure:
            say(f"warning: --on-hang: {failure}")
