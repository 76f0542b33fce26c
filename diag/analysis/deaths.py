"""Which workers of a process's pools have died, and which of its children may be workers."""

import signal

from diag.analysis.case import Case
from diag.analysis.endings import exit_code_of, exit_statuses, in_good_order, signal_of
from diag.analysis.generations import children_in
from diag.analysis.roles import role_of
from diag.model.ids import ProcessId
from diag.model.pool import PoolKind
from diag.model.process import Process
from diag.model.sample import ProcessSample


def workers_in(case: Case, owner: Process) -> list[ProcessSample]:
    """Return the children in the samples that may be workers of a pool.

    Not those that the owner runs beside its pool: commands, which exec another program.
    """
    known = [
        case.tree.processes[pid]
        for pid in case.tree.children_of[owner.pid]
        if role_of(case.tree, pid) == "worker"
    ]
    spawned = bool(known) and not any(worker.forked_without_exec for worker in known)
    return [
        child
        for child in children_in(case, owner)
        if child.forked_without_exec or (spawned and child.name == owner.name)
    ]


def deaths_in(case: Case, owner: Process) -> dict[ProcessId, int]:
    """Return the exit statuses of workers that no pool ends like this.

    A pool that is shut down or broken ends its workers by SIGTERM; loky, where a task raises,
    by SIGKILL.
    """
    good = {signal.SIGTERM, signal.SIGKILL} if kills_its_workers(case, owner) else {signal.SIGTERM}
    statuses = exit_statuses(case.samples)
    return {
        worker.id: statuses[worker.id]
        for worker in workers_in(case, owner)
        if worker.id in statuses
        and statuses[worker.id] not in good
        and not in_good_order(statuses[worker.id])
    }


def status_in_words(status: int) -> str:
    """Return the name of the signal, or the exit status, that a process ended by."""
    number = signal_of(status)
    return number.name if number else f"exit status {exit_code_of(status)}"


def kills_its_workers(case: Case, owner: Process) -> bool:
    """Return whether it uses loky, which ends its workers by SIGKILL where a task raises."""
    stacks = (case.tree.threads[each].stack for each in case.tree.threads_of[owner.pid])
    frames = (frame for stack in stacks if stack is not None for frame in stack.own_frames)
    return any("/loky/" in frame.file or "/joblib/" in frame.file for frame in frames) or any(
        pool.kind is PoolKind.LOKY for pool in owner.pools
    )
