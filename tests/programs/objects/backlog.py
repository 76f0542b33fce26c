"""Piles of work in every kind of pool and collection; prints what each holds, in bytes."""

import array
import io
import json
import os
import threading
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing.pool import ThreadPool

COUNT = 300
SIZE = 20_000
SHARED = b"s" * 5_000_000

end = threading.Event()


class Row:
    def __init__(self):
        self.cells = [os.urandom(SIZE // 4) for _ in range(4)]


class Slotted:
    __slots__ = ("data",)


def slotted():
    made = Slotted()
    made.data = os.urandom(SIZE)
    return made


def wait_for_end(*_, **__):
    end.wait()


def result(kind):
    return {
        "bytes": lambda: os.urandom(SIZE),
        "text": lambda: "\u20ac" * (SIZE // 2),
        "list": lambda: [os.urandom(100) for _ in range(SIZE // 200)],
        "mapping": lambda: {number: os.urandom(SIZE // 4) for number in range(4)},
        "array": lambda: array.array("d", bytes(SIZE)),
        "bytearray": lambda: bytearray(SIZE),
        "row": Row,
        "buffer": lambda: io.BytesIO(bytes(SIZE)),  # keeps its bytes in a word of its own
        "slots": slotted,
    }[kind]()


def main():
    threads, processes, old = ThreadPoolExecutor(1), ProcessPoolExecutor(1), ThreadPool(1)
    waiting = [threads.submit(wait_for_end, os.urandom(SIZE), data=Row()) for _ in range(COUNT)]
    shared = [old.apply_async(wait_for_end, (SHARED, os.urandom(SIZE))) for _ in range(COUNT)]
    stuck = [processes.submit(wait_for_end, os.urandom(SIZE)) for _ in range(COUNT)]
    done = ThreadPoolExecutor(2)
    kinds = ("bytes", "text", "list", "mapping", "array", "bytearray", "row", "buffer", "slots")
    kept = {kind: [done.submit(result, kind) for _ in range(COUNT)] for kind in kinds}
    as_list, as_set = kept["bytes"], set(kept["text"])
    as_tuple = tuple(kept["list"])
    by_future = dict.fromkeys(kept["mapping"], "url")
    by_key = dict(enumerate(kept["array"]))
    others, rows = kept["bytearray"], kept["row"]
    by_group = {name: kept["buffer"][name * 30 : name * 30 + 30] for name in range(10)}
    with_names = [("url", future) for future in kept["slots"]]
    few = as_list[:3]
    done.shutdown()
    said = {
        "waiting": {
            "ThreadPoolExecutor": 2 * SIZE * COUNT,
            "ProcessPoolExecutor": SIZE * COUNT,
            "multiprocessing.pool.ThreadPool": SIZE * COUNT + len(SHARED),
        },
        "kept": dict.fromkeys(
            (
                "as_list",
                "as_set",
                "as_tuple",
                "by_future",
                "by_key",
                "others",
                "rows",
                "by_group",
                "with_names",
            ),
            SIZE * COUNT,
        ),
    }
    print(json.dumps(said), flush=True)
    end.wait()
    names = by_key, by_future, as_tuple, as_set, others, rows, by_group, with_names
    return few, waiting, shared, stuck, names


if __name__ == "__main__":
    main()
