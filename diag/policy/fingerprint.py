"""What stays the same of a finding from run to run, as a short text."""

import hashlib
import re
from collections.abc import Mapping

from diag.model.finding import Finding
from diag.model.ids import ThreadId
from diag.model.report import Report
from diag.model.wait import Wait

VERSION = 1  # counts changes of what goes into a fingerprint
DIGITS = 16
# Installed files: what comes after the folder of the interpreter, which has its version.
_LIBRARY = re.compile(r"^.*/lib(?:64)?/(?:python|pypy)3[\d.t]*/(?:(?:site|dist)-packages/)?")


def fingerprint(waits: Mapping[ThreadId, Wait], finding: Finding) -> str:
    """Return the fingerprint of a finding, 16 hexadecimal digits.

    It holds the rule, the role, the function, the file and the kind of lock or wait of the
    guilty place; no pid, line, address, time, Python version or name of a thread. Two
    findings at the same place have the same one.

    Args:
        waits: from `waits_in`, of the report that the finding is in.
        finding: what was found.

    """
    place = finding.primary
    wait = waits.get(ThreadId(place.pid, place.tid)) if place.tid is not None else None
    parts = (
        str(VERSION),
        finding.rule,
        place.process_role or "",
        (place.function or "").rpartition(".")[2],  # without its class before Python 3.11
        _portable(place.file or ""),
        wait.kind.value if wait is not None else "",
        (wait.lock.type_name or wait.lock.kind.value) if wait is not None and wait.lock else "",
    )
    text = "\0".join(parts).encode("utf-8", "surrogateescape")
    return hashlib.sha256(text).hexdigest()[:DIGITS]


def waits_in(report: Report) -> dict[ThreadId, Wait]:
    """Return what every thread of a report waits for."""
    return {
        ThreadId(view.process.pid, thread.tid): thread.wait
        for view in report.processes
        for thread in view.process.threads
    }


def _portable(file: str) -> str:
    return _LIBRARY.sub("", file)
