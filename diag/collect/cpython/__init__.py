"""What the memory of CPython processes tells: threads, locks, owners. Exact or silent."""

from diag.collect.cpython.circling import Circling
from diag.collect.cpython.objects import add_objects
from diag.collect.cpython.subjects import add_subjects, subject_reader

__all__ = ["Circling", "add_objects", "add_subjects", "subject_reader"]
