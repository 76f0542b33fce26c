"""Finds which attribute makes an object unpicklable: the path from the object to the culprit.

>>> culprits(importer.parse)
[("parse.__self__.settings['source']['handle']", "cannot pickle '_io.BufferedReader' object")]
"""

import pickle

MOST_STEPS = 10_000


def failure(value):
    """Return why a value cannot be pickled, None if it can."""
    try:
        pickle.dumps(value)
    except (TypeError, AttributeError, pickle.PicklingError) as error:
        return str(error)
    return None


def parts(value):
    """Yield (how it is written, the part) for what is pickled along with a value."""
    if hasattr(value, "__func__"):  # a bound or class method
        yield ".__self__", value.__self__
    elif isinstance(value, dict):
        for key, each in value.items():
            yield f"[{key!r}]", each
    elif isinstance(value, (list, tuple)):
        for number, each in enumerate(value):
            yield f"[{number}]", each
    elif not isinstance(value, type):
        for name, each in getattr(value, "__dict__", {}).items():
            yield f".{name}", each


def culprits(value):
    """Return (path, reason) of each innermost part that cannot be pickled."""
    found, seen = [], set()
    waiting = [(getattr(value, "__name__", type(value).__name__), value)]
    while waiting and len(seen) < MOST_STEPS:
        path, each = waiting.pop()
        if id(each) in seen or (reason := failure(each)) is None:
            continue
        seen.add(id(each))
        guilty = [(path + how, part) for how, part in parts(each) if failure(part) is not None]
        if guilty:
            waiting += guilty
        else:
            found.append((path, reason))
    return found
