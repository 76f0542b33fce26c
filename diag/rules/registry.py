"""Every rule, by name, in the order in which findings of equal weight are shown."""

from diag.rules import (
    dead_holder,
    event_loop_blocked,
    lock_cycle,
    lost_task,
    nobody_can_act,
    orphaned_lock,
    pipe_child_cycle,
    pool_saturated,
    self_deadlock,
    stopped_process,
    unresolved_awaitable,
)
from diag.rules.base import Rule

RULES: tuple[Rule, ...] = (
    orphaned_lock.RULE,
    dead_holder.RULE,
    self_deadlock.RULE,
    lock_cycle.RULE,
    pipe_child_cycle.RULE,
    pool_saturated.RULE,
    lost_task.RULE,
    stopped_process.RULE,
    unresolved_awaitable.RULE,
    nobody_can_act.RULE,
    event_loop_blocked.RULE,
)
