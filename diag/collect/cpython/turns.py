"""Whether a thread goes round in circles: its frames and what they refer to, look after look.

A loop that gets somewhere shows something new sooner or later: another variable, a longer
list, a further position. One that only asks comes back to the same few states.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from diag.collect.cpython.frames import Frame
from diag.model import stack as model
from diag.model.sample import LockTurns, Turns


class Level(NamedTuple):
    """One frame of one look.

    Attributes:
        digest: of its variables and iterators.
        numbers: those on its value stack: what it works with lies there for a moment.
        values: addresses of what lies there: it may be working with that.
        covered: addresses of what the digest covers.
        opaque: a call, or the type of an object, whose progress is hidden.
        held: locks whose `with` it is inside of.
        known: locks that its variables and globals refer to.
        tries: whether its code names `acquire`.

    """

    digest: bytes
    numbers: frozenset[bytes]
    values: frozenset[int]
    covered: frozenset[int]
    opaque: str | None
    held: frozenset[int]
    known: frozenset[int]
    tries: bool


class Look(NamedTuple):
    """What one look at one thread has shown; frames are outermost first.

    Attributes:
        path: addresses of frames and of their code, without those that only ask.
        levels: of the innermost frames of the path.
        globals: digest of those of the innermost one.
        asked: the function that was asking.
        place: address of the innermost code, and the offset of the instruction in it.
        frames: the frames of the path.

    """

    path: tuple[tuple[int, int], ...]
    levels: tuple[Level, ...]
    globals: bytes
    asked: str | None
    place: tuple[int, int]
    frames: tuple[Frame, ...]


def summarise(looks: list[Look], locate: Callable[[Frame], model.Frame]) -> Turns | None:
    """Return what looks at one thread have in common, and what was new in the later half.

    None if there are no looks, or no frame was there in all of them.
    """
    looks = _whole(looks)
    if not looks:
        return None
    common = _common([look.path for look in looks])
    if not common:
        return None
    level = common - 1
    states = [_state(look, level) for look in looks]
    opaque = next((name for look in looks for name in _opaque(look, level)), None)
    middle = len(looks) // 2
    values = _are_new([_values(look, level) for look in looks], middle)
    numbers = _are_new([_union(look, level, "numbers") for look in looks], middle)
    held = [_union(look, level, "held") for look in looks]
    return Turns(
        looks=len(looks),
        states=len(set(states)),
        places=len({look.place for look in looks}),
        new_states=sum(_are_new([frozenset((state,)) for state in states], middle)),
        new_values=sum(values),
        new_numbers=sum(numbers),
        new_at_end=values[-1],
        paths=len({_codes(look, level) for look in looks}),
        calls=len({_codes(look, level) for look in looks}) > 1,
        handles=_handles(looks, level),
        opaque=opaque,
        asks=tuple(sorted({look.asked for look in looks if look.asked})),
        frame=locate(looks[-1].frames[level]),
        locks=_locks(looks, level, held),
    )


def _handles(looks: list[Look], level: int) -> bool:
    """Whether values come and go on the stacks; what an earlier call left there stays.

    What one of the frames refers to is watched wherever it lies: a frame that is about to end
    has no variables any more.
    """
    seen: dict[tuple[int, ...], set[frozenset[int]]] = defaultdict(set)
    for look in looks:
        unwatched = _union(look, level, "values") - _union(look, level, "covered")
        seen[_codes(look, level)].add(unwatched)
    return any(len(values) > 1 for values in seen.values())


def _locks(looks: list[Look], level: int, held: list[frozenset[int]]) -> LockTurns | None:
    """Return how it takes locks and gives them back, None if it never was inside of one."""
    if not any(held):
        return None
    return LockTurns(
        held=tuple(sorted(frozenset().union(*held))),
        most=max(map(len, held)),
        taken=sum(bool(now - before) for before, now in pairwise(held)),
        known=tuple(sorted(frozenset().union(*(_union(look, level, "known") for look in looks)))),
        tries=any(each.tries for look in looks for each in _inner(look, level) or ()),
    )


def _whole(looks: list[Look]) -> list[Look]:
    """Return the looks that reach the outermost frame; others were led astray by a change."""
    ends = Counter(look.path[0] for look in looks)
    return [look for look in looks if look.path[0] == ends.most_common(1)[0][0]]


def _common(paths: list[tuple[tuple[int, int], ...]]) -> int:
    """Return how many outer frames all paths share."""
    shortest = min(map(len, paths))
    first = paths[0]
    for number in range(shortest):
        if any(path[number] != first[number] for path in paths):
            return number
    return shortest


def _inner(look: Look, level: int) -> tuple[Level, ...] | None:
    """Return the levels from one on inwards, None if they were not all looked into."""
    first = len(look.path) - len(look.levels)
    return look.levels[level - first :] if level >= first else None


def _state(look: Look, level: int) -> tuple[object, ...]:
    inner = _inner(look, level)
    return _codes(look, level), tuple(each.digest for each in inner or ()), look.globals


def _codes(look: Look, level: int) -> tuple[int, ...]:
    return tuple(code for _, code in look.path[level:])


def _values(look: Look, level: int) -> frozenset[object]:
    """Return digests of the outermost frame's variables, and of globals."""
    inner = _inner(look, level) or ()
    return frozenset((("globals", look.globals), *((0, each.digest) for each in inner[:1])))


def _union(look: Look, level: int, name: str) -> frozenset[Any]:
    return frozenset().union(*(getattr(each, name) for each in _inner(look, level) or ()))


def _opaque(look: Look, level: int) -> list[str]:
    inner = _inner(look, level)
    if inner is None:
        return ["frames too deep to be looked into"]
    return [each.opaque for each in inner if each.opaque is not None]


def _are_new(seen: Sequence[frozenset[object]], middle: int) -> list[bool]:
    """Return of each of the later looks whether it shows what none of the earlier ones did."""
    early = frozenset().union(*seen[:middle])
    return [not each <= early for each in seen[middle:]]
