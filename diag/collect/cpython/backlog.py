"""What waits in a pool, and what finished futures keep: counted, and sized by a sample.

Work items (3.9 to 3.15): `args` and `kwargs` of `_WorkItem`, or `task` from 3.14 on for
threads; of multiprocessing.Pool the queue of tasks holds `([(job, i, func, args, kwds)], None)`,
the one that threads read `(job, i, func, args, kwds)`.
A Future keeps `_result`, an ApplyResult `_value`.
"""

from collections.abc import Iterable, Iterator, Sequence

import msgspec

from diag.collect.cpython.members import Members
from diag.collect.cpython.names import Names
from diag.collect.cpython.sizes import Sizes
from diag.collect.cpython.values import Values
from diag.collect.memory import Memory
from diag.model.pool import Backlog, Kept
from diag.model.stack import Frame
from diag.model.thread import Thread

LEAST_TASKS = 16  # with fewer a pool is merely busy
MAX_SAMPLED = 8
_MAX_STATES = 64
_MOST_INNER = 16  # of the collections in a collection
_FUTURES = ("Future", "ApplyResult")
_CONTAINERS = ("list", "tuple", "dict", "set", "collections.deque")
_MACHINERY = ("/concurrent/futures/", "/multiprocessing/", "/threading.py", "/queue.py")
_TASK_ARGUMENTS = 3  # their place in a task of multiprocessing.Pool
_PAYLOAD = ("args", "kwargs", "task")


class BacklogReader:
    """Reads what the pools of one process have piled up.

    Raises:
        MemoryBudgetError: from any method: the process has used up what it was allowed.

    """

    def __init__(self, memory: Memory, values: Values, version: tuple[int, int]) -> None:
        self._values = values
        self._members = Members(memory, values, version)
        self._sizes = Sizes(memory, values, self._members)

    def of_items(self, container: int) -> Backlog | None:
        """Return what waits in the dict or queue of a pool's work items, None if little does."""
        count = self._values.length(container) or 0
        if count < LEAST_TASKS:
            return None
        if self._values.is_a(container, "dict"):
            items = [item for _, item in self._members.some_pairs(container, MAX_SAMPLED)]
        else:
            items = list(self._members.some(container, MAX_SAMPLED))
        payloads = [found for item in items if (found := self._payload(item))]
        sampled, held_bytes, unsized = self._sizes.estimate(payloads, count)
        return Backlog(tasks=count, sampled=sampled, held_bytes=held_bytes, unsized=unsized)

    def _payload(self, item: int) -> tuple[int, ...]:
        """Return the objects that a work item holds for its task."""
        if self._values.is_a(item, "tuple"):
            batch = (self._values.items(item) or (0,))[0]
            if self._values.is_a(batch, "list"):
                item = (self._values.items(batch) or (0,))[0]
            task = self._values.items(item) or ()
            return task[_TASK_ARGUMENTS:] if task and self._values.is_a(task[0], "int") else ()
        attributes = self._values.attributes(item)
        return tuple(attributes[name] for name in _PAYLOAD if name in attributes)

    def kept(self, threads: Iterable[Thread], names: Names) -> tuple[Kept, ...]:
        """Return the collections of futures that functions of the program hold."""
        found: dict[int, Kept] = {}
        for thread in threads:
            for frame, name, address in self._held(thread, names):
                if address not in found and (kept := self._kept(address)) is not None:
                    found[address] = msgspec.structs.replace(
                        kept,
                        name=name,
                        tid=thread.tid,
                        function=frame.function,
                        file=frame.file,
                        line=frame.line,
                    )
        return tuple(found.values())

    def _held(self, thread: Thread, names: Names) -> Iterator[tuple[Frame, str, int]]:
        """Yield what the frames of the program lead to: variables, attributes, globals."""
        frames = thread.stack.own_frames if thread.stack is not None else ()
        for number, frame in enumerate(frames):
            if any(part in frame.file for part in _MACHINERY):
                continue
            for name, address in frame.objects.items():
                yield frame, name, address
            instance = self._values.unwrapped(frame.self_address)
            for name, address in self._values.attributes(instance).items():
                yield frame, f"self.{name}", address
            if frame.bare_name == "<module>":
                for name, address in names.globals_of(thread, number):
                    yield frame, name, address

    def _kept(self, address: int) -> Kept | None:
        """Return what is known of a collection of futures, None if it is none, or a small one."""
        address = self._values.unwrapped(address) or 0
        if not self._values.is_a(address, *_CONTAINERS):
            return None
        futures, count = self._futures(address)
        if count < LEAST_TASKS:
            return None
        results = [result for each in futures if (result := self._result(each)) is not None]
        done = count * len(results) // len(futures)
        some: Sequence[int] = results[:: max(1, len(results) // MAX_SAMPLED)][:MAX_SAMPLED]
        sampled, held_bytes, unsized = self._sizes.estimate([(result,) for result in some], done)
        return Kept(
            futures=count, done=done, sampled=sampled, held_bytes=held_bytes, unsized=unsized
        )

    def _futures(self, address: int) -> tuple[list[int], int]:
        """Return some of the futures in a collection, or one level deeper, and how many it has."""
        count = self._values.length(address) or 0
        for column in self._columns(address, _MAX_STATES):
            if all(self._values.is_a(each, *_FUTURES) for each in column):
                return column, count
            if all(self._values.is_a(each, *_CONTAINERS) for each in column):
                inner = [self._among(each) for each in column[:: -(-len(column) // _MOST_INNER)]]
                found = [future for futures, _ in inner for future in futures]
                return found, int(sum(each for _, each in inner) * count / len(inner))
        return [], 0

    def _among(self, address: int) -> tuple[list[int], float]:
        """Return the futures among some members of a collection, and how many it has by these."""
        for column in self._columns(address, MAX_SAMPLED):
            found = [each for each in column if self._values.is_a(each, *_FUTURES)]
            if found:
                return found, len(found) * (self._values.length(address) or 0) / len(column)
        return [], 0.0

    def _columns(self, address: int, most: int) -> Iterator[list[int]]:
        """Yield some members of a collection; of a dict some keys, then some values."""
        if self._values.is_a(address, "dict"):
            pairs = self._members.some_pairs(address, most)
            columns = [[key for key, _ in pairs], [value for _, value in pairs]]
        else:
            columns = [list(self._members.some(address, most))]
        yield from filter(None, columns)

    def _result(self, future: int) -> int | None:
        """Return what a finished future keeps, None if it is not finished."""
        known = self._values.attributes(future)
        if "_result" in known:
            done = self._values.text(known.get("_state", 0)) == "FINISHED"
            return known["_result"] if done else None
        set_ = self._values.integer(self._values.attribute(known.get("_event"), "_flag") or 0)
        return known.get("_value") if set_ else None
