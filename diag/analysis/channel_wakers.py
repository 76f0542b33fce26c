"""Who could send what a thread waits for on its descriptors, or make room there."""

from diag.analysis.parties import Wakers, any_of, around, exit_of, siblings
from diag.analysis.roles import FORK_SERVER, role_of, serves_the_program
from diag.analysis.signals import handler_of, signals_for
from diag.analysis.tree import Tree
from diag.model.channel import Channel, ChannelKind
from diag.model.ids import ThreadId
from diag.model.wait import ChannelWait, Wait, WaitKind


def of_channels(tree: Tree, waiter: ThreadId, wait: Wait) -> Wakers:
    """Return who could end a read, a write, a poll, or a wait for a connection."""
    parts = [_of_channel(tree, waiter, item) for item in wait.channels]
    if not parts and wait.kind is not WaitKind.POLL:
        return Wakers(itself="not understood: no descriptor")
    if wait.kind is WaitKind.POLL:
        signals = signals_for(tree, waiter)
        parts.append(Wakers(outside=signals.outside, processes=around(tree, waiter)))
    return any_of(parts)


def _of_channel(tree: Tree, waiter: ThreadId, item: ChannelWait) -> Wakers:
    channel = tree.channels.get(item.channel)
    if channel is None:
        return Wakers(itself=f"not understood: descriptor {item.fd}")
    if channel.kind is ChannelKind.PIDFD:
        return exit_of(tree, waiter, frozenset({channel.pid} if channel.pid else ()))
    if _is_private_listener(tree, waiter, channel):
        return Wakers(processes=_who_may_connect(tree, waiter.pid) - {waiter.pid})
    if channel.outside is not None:
        return Wakers(outside=channel.outside)
    ends = channel.writers if item.direction == "read" else channel.readers
    holders = {end.pid for end in ends}
    strangers = [end for end in ends if end.pid not in tree.processes]
    if strangers:
        stranger = min(strangers, key=lambda end: end.pid)
        name = f" ({stranger.name})" if stranger.name else ""
        return Wakers(outside=f"process {stranger.pid}{name} outside the tree ({_label(channel)})")
    if not holders:
        # The kernel would end the wait at once if nobody held the other end.
        return Wakers(outside=f"an unseen holder of the other end of {_label(channel)}")
    uncertain: tuple[str, ...] = (channel.uncertain,) if channel.uncertain else ()
    if waiter.pid in holders and (handler := handler_of(tree, waiter)) is not None:
        uncertain += (f"{handler} might use the other end",)
    threads = siblings(tree, waiter) if waiter.pid in holders else frozenset()
    return Wakers(threads=threads, processes=frozenset(holders - {waiter.pid}), uncertain=uncertain)


def _is_private_listener(tree: Tree, waiter: ThreadId, channel: Channel) -> bool:
    """Whether it is where a server of multiprocessing's own listens, in a folder of the program's.

    Only processes of the program know the path and the key to it. A `Listener` that the
    program has made, or a manager that it serves itself, may be there for others. So is one
    whose parent does nothing but wait for its end: others have been told the key.
    """
    if _is_joined(tree, waiter.pid):
        return False
    listens = channel.outside is not None and channel.outside.startswith("new connections")
    return listens and "/pymp-" in (channel.name or "") and serves_the_program(tree, waiter)


def _is_joined(tree: Tree, pid: int) -> bool:
    """Whether the main thread of its parent waits for the end of a process."""
    parent = tree.processes[pid].parent_pid
    above = tree.threads.get(ThreadId(parent, parent))
    return above is not None and above.wait.kind is WaitKind.CHILD and pid in above.wait.children


def _who_may_connect(tree: Tree, pid: int) -> frozenset[int]:
    """Return the processes that may know where a server of multiprocessing listens.

    Proxies of a manager can be sent to any; a fork server is known to who has started it,
    in a global variable (multiprocessing/forkserver.py), and so to what that one has forked.
    """
    parent = tree.processes[pid].parent_pid
    if role_of(tree, pid) != FORK_SERVER or parent not in tree.processes:
        return frozenset(tree.processes)
    return tree.descendants_of(parent) | {parent}


def _label(channel: Channel) -> str:
    return channel.name or channel.id
