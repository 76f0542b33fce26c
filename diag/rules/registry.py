"""Every rule, by name, in the order in which findings of equal weight are shown."""

from diag.rules import (
    dead_holder,
    descriptor_exhaustion,
    gil_bound,
    lock_cycle,
    memory_growth,
    memory_limit_near,
    nested_parallelism,
    nobody_can_act,
    orphaned_lock,
    over_provisioned_pool,
    pipe_child_cycle,
    self_deadlock,
    shared_connection,
    stopped_process,
    thread_growth,
    throttled,
    worker_died,
    zombies,
)
from diag.rules.base import Rule

RULES: tuple[Rule, ...] = (
    orphaned_lock.RULE,
    dead_holder.RULE,
    self_deadlock.RULE,
    lock_cycle.RULE,
    pipe_child_cycle.RULE,
    stopped_process.RULE,
    nobody_can_act.RULE,
    worker_died.RULE,
    shared_connection.RULE,
    memory_limit_near.RULE,
    memory_growth.RULE,
    descriptor_exhaustion.RULE,
    zombies.RULE,
    thread_growth.RULE,
    nested_parallelism.RULE,
    over_provisioned_pool.RULE,
    throttled.RULE,
    gil_bound.RULE,
)
