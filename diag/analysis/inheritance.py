"""Who keeps a reader from seeing end-of-file, and who of them only because a fork copied it.

Read the other end of a pipe as it is used: a relative that stands in a write to it
is a writer; the reader itself, and a process that is neither its ancestor nor its
descendant, have the write end because a fork copied it.
"""

from diag.analysis.case import Case
from diag.analysis.tree import Tree
from diag.model.channel import Channel, ChannelKind, Holder
from diag.model.ids import ThreadId
from diag.model.wait import WaitKind

_SHOWN = 4
_ENDS = {ChannelKind.PIPE: "the write end", ChannelKind.UNIX_SOCKET: "the other end"}


def inheritance_words(case: Case, reader: ThreadId) -> list[str]:
    """Return who holds the other end of what a thread reads for no use of its own, a line each.

    A queue of multiprocessing is left out: all who share it hold both ends on purpose.
    """
    thread = case.tree.threads[reader]
    if thread.wait.kind is not WaitKind.READ or thread.subject is not None:
        return []
    lines = []
    for item in thread.wait.channels:
        channel = case.tree.channels.get(item.channel)
        end = _ENDS.get(channel.kind) if channel is not None else None
        if channel is None or end is None or _was_accepted(channel):
            continue
        for holder in channel.writers:
            lines.extend(_words(case, reader.pid, holder, channel.id, end))
    return lines[:_SHOWN]


def is_heir(tree: Tree, reader: int, holder: Holder, channel: str) -> bool:
    """Return whether a process has the other end of what another reads only by a fork, it seems.

    It is a copy of its parent, no relative of the reader but by a common ancestor, and is
    not in a write to the channel.
    """
    process = tree.processes.get(holder.pid)
    if process is None or not process.forked_without_exec or holder.pid == reader:
        return False
    if holder.pid in _ancestors(tree, reader) or reader in _ancestors(tree, holder.pid):
        return False
    return not _writes(tree, holder, channel)


def _was_accepted(channel: Channel) -> bool:
    """Whether it is a connection to a listener's path: its ends may be younger than any fork."""
    return channel.kind is ChannelKind.UNIX_SOCKET and channel.name is not None


def _writes(tree: Tree, holder: Holder, channel: str) -> bool:
    waits = (tree.threads[thread_id].wait for thread_id in tree.threads_of.get(holder.pid, ()))
    return any(
        item.channel == channel and item.direction == "write"
        for wait in waits
        for item in wait.channels
    )


def _words(case: Case, reader: int, holder: Holder, channel: str, end: str) -> list[str]:
    never = "never sees end-of-file while it is open there"
    if holder.pid == reader and not _writes(case.tree, holder, channel):
        return [f"{reader} itself holds {end} (fd {holder.fd}), and {never}"]
    if not is_heir(case.tree, reader, holder, channel):
        return []
    who = f"{case.locate_process(holder.pid).process_role} {holder.pid}"
    return [f"{who} holds {end} only by inheritance (fd {holder.fd}), and the reader {never}"]


def _ancestors(tree: Tree, pid: int) -> set[int]:
    found: set[int] = set()
    process = tree.processes.get(pid)
    while process is not None and process.parent_pid not in found:
        found.add(process.parent_pid)
        process = tree.processes.get(process.parent_pid)
    return found
