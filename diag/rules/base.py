"""What a rule is."""

from collections.abc import Callable, Iterable

from diag.analysis.case import Case
from diag.model.base import Record
from diag.model.finding import Finding, Severity


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

    """

    id: str
    title: str
    severity: Severity
    summary: str
    needs: str
    check: Callable[[Case], Iterable[Finding]]
    has_evidence: Callable[[Case], bool] = lambda _case: True

    def judge(self, case: Case) -> Iterable[Finding]:
        """Return what it finds; nothing where its evidence is missing."""
        return self.check(case) if self.has_evidence(case) else ()
