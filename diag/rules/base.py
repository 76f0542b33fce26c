"""What a rule is."""

from collections.abc import Callable, Iterable
from enum import StrEnum

from diag.analysis.case import Case
from diag.model.base import Record
from diag.model.finding import Finding, Severity


class Scope(StrEnum):
    """What can have one trouble of a kind at a time: who shows it most may change."""

    TREE = "tree"
    PROCESS = "process"
    THREAD = "thread"


class Rule(Record, frozen=True):
    """One kind of trouble that diag knows.

    Attributes:
        id: words joined by hyphens; also the name of its page in docs/rules.
        title: what it means, one line.
        severity: of its findings.
        summary: when it speaks, one sentence.
        needs: the evidence without which it cannot speak, in words.
        check: from the evidence to its findings.
        has_evidence: whether a case holds what it needs; if not it is listed as
            skipped.
        scope: two findings of it in one watch are the same trouble if they share this.

    """

    id: str
    title: str
    severity: Severity
    summary: str
    needs: str
    check: Callable[[Case], Iterable[Finding]]
    has_evidence: Callable[[Case], bool] = lambda _case: True
    scope: Scope = Scope.THREAD

    def judge(self, case: Case) -> Iterable[Finding]:
        """Return what it finds; nothing where its evidence is missing."""
        return self.check(case) if self.has_evidence(case) else ()

    def trouble(self, finding: Finding) -> tuple[object, ...]:
        """Return what stays the same of a finding for as long as it is watched."""
        pid = None if self.scope is Scope.TREE else finding.primary.pid
        tid = finding.primary.tid if self.scope is Scope.THREAD else None
        return self.id, pid, tid
