"""What the memory of CPython processes tells: threads, locks, owners. Exact or silent."""

from diag.collect.cpython.objects import add_objects

__all__ = ["add_objects"]
