"""Prints where its objects are and what they hold, a line of JSON, and waits for its end."""

import collections
import json
import queue
import sys
import threading
import time
import weakref


class Order:
    def __init__(self, number):
        self.number = number
        self.items = [number]


class Grown(Order):
    """An instance whose attributes went beyond those of its class, or into a dict."""

    def __init__(self):
        super().__init__(7)
        for index in range(40):
            setattr(self, "extra_%d" % index, index)
        vars(self)["late"] = 1


class Removed(Order):
    def __init__(self):
        super().__init__(8)
        del self.number


def simple_queue(put, taken):
    made = queue.SimpleQueue()
    for number in range(put):
        made.put(NUMBERS[number])
    for _ in range(taken):
        made.get()
    return made


def deque(length, taken):
    made = collections.deque(NUMBERS[:length])
    for _ in range(taken):
        made.popleft()
    return made


NUMBERS = [10**6 + number for number in range(200)]
EMPTY = {}
HOLES = {str(number): number for number in range(10)}
for _key in ("0", "3", "9"):
    del HOLES[_key]
SPARSE = set(NUMBERS[:30])
for _number in NUMBERS[:20]:
    SPARSE.discard(_number)
ORDER, GROWN, REMOVED = Order(5), Grown(), Removed()
vars(ORDER)  # from 3.11 on this makes the dict of the instance
FRESH = Order(6)
REFERENCE = weakref.ref(ORDER)
INTEGERS = [0, 1, -1, 2**29, 2**30, -(2**30), 2**61 + 12345, -(2**61)]
TEXTS = ["", "queue", "naïve", "Ελλάδα", "🐍 py"]
SEQUENCES = [
    [],
    NUMBERS[:5],
    tuple(NUMBERS[:5]),
    (),
    deque(150, 0),
    deque(150, 70),
    deque(0, 0),
    set(),
    SPARSE,
    simple_queue(0, 0),
    simple_queue(100, 0),
    simple_queue(100, 37),
]


def describe():
    return {
        "integers": [[id(value), value] for value in INTEGERS],
        "texts": [[id(value), value] for value in TEXTS],
        "lengths": [
            [id(value), value.qsize() if hasattr(value, "qsize") else len(value)]
            for value in [*SEQUENCES, HOLES, EMPTY]
        ],
        "items": [[id(value), sorted(map(id, members(value)))] for value in SEQUENCES],
        "pairs": [[id(HOLES), sorted([id(key), id(value)] for key, value in HOLES.items())]],
        "attributes": [
            [id(FRESH), {"number": id(FRESH.number), "items": id(FRESH.items)}],
            [id(ORDER), {name: id(value) for name, value in vars(ORDER).items()}],
            [id(GROWN), {name: id(value) for name, value in vars(GROWN).items()}],
            [id(REMOVED), {"items": id(REMOVED.items)}],
        ],
        "referent": [[id(REFERENCE), id(ORDER)]],
        "bound": [[id(METHOD), id(ORDER)]],
        "namespace": [[id(sys), id(vars(sys))]],
    }


def members(value):
    if not hasattr(value, "qsize"):
        return list(value)
    taken = [value.get() for _ in range(value.qsize())]
    for member in taken:
        value.put(member)
    return taken


METHOD = threading.Thread(target=time.sleep).start.__func__.__get__(ORDER)
print(json.dumps(describe()), flush=True)
sys.stdin.read()
