"""Asking the kernel something from within another network namespace."""

import ctypes
import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from diag.collect.memory import PROC

_CLONE_NEWNET = 0x40000000  # linux/sched.h
_DEADLINE_S = 3.0
T = TypeVar("T")


def from_namespace_of(pid: int, ask: Callable[[], T], *, proc_root: Path = PROC) -> T:
    """Return what `ask` answers in the network namespace of a process.

    Only a thread of diag's own enters it, which ends with the question (setns(2): a
    thread may change its network namespace by itself). The process is not touched.

    Raises:
        OSError: it is gone, diag may not enter the namespace (CAP_SYS_ADMIN), there was no
            answer in time, or `ask` failed.

    """
    answers: list[T] = []
    failures: list[OSError] = []

    def run() -> None:
        try:
            _enter(f"{proc_root}/{pid}/ns/net")
            answers.append(ask())
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=run, name="diag-netns", daemon=True)
    thread.start()
    thread.join(_DEADLINE_S)
    if failures:
        raise failures[0]
    if not answers:
        raise TimeoutError("no answer in time")
    return answers[0]


def _enter(path: str) -> None:
    namespace = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        if ctypes.CDLL(None, use_errno=True).setns(namespace, _CLONE_NEWNET) != 0:
            code = ctypes.get_errno()
            raise OSError(code, os.strerror(code), path)
    finally:
        os.close(namespace)
