"""JUnit XML, as pytest and Jenkins write it: a test case for each rule, its findings as failures.

The shape is that of Jenkins' junit-10.xsd. Text that XML 1.0 cannot hold is spelled out.
"""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from diag.model.finding import Finding, Severity
from diag.model.report import Ignored, Report, Verdict
from diag.render.escape import visible
from diag.render.options import Options
from diag.render.places import Places, anchor, who
from diag.render.summary import LOOKS_TO_JUDGE, answer, describe_coverage, describe_target, subject


def render(report: Report, _options: Options) -> str:
    """Return a document with one suite: what was found fails, what was not passes."""
    suites = Element("testsuites")
    suite = SubElement(suites, "testsuite", name="diag")
    places = Places(report)
    _add_properties(suite, report)
    for finding in report.findings:
        _add_finding(suite, finding, places)
    for ignored in report.ignored:
        _add_ignored(suite, ignored)
    _add_rules(suite, report)
    if report.verdict is Verdict.UNKNOWN:
        case = _case(suite, "verdict", "diag")
        tag = "skipped" if report.observed.looks < LOOKS_TO_JUDGE else "error"
        _text(case, tag, _coverage(report), message=report.headline, type="unknown")
    _text(suite, "system-out", [answer(report), report.headline, *_coverage(report)])
    _count(suite, report)
    indent(suites)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{tostring(suites, encoding="unicode")}\n'


def _add_properties(suite: Element, report: Report) -> None:
    properties = SubElement(suite, "properties")
    for name, value in (
        ("diag.version", report.diag_version),
        ("diag.verdict", report.verdict.value),
        ("diag.target", describe_target(report)),
        ("diag.ignored", str(len(report.ignored))),
    ):
        SubElement(properties, "property", name=name, value=visible(value))


def _add_finding(suite: Element, finding: Finding, places: Places) -> None:
    place = anchor(finding)
    case = _case(suite, finding.title, finding.rule)
    lines = [who(finding.primary) + " " + places.where(place)]
    for link in finding.chain:
        step = f"- {link.text} {places.where_waits(link)}".rstrip()
        lines.extend([step, *(f"    {detail}" for detail in link.details)])
    lines.extend([finding.explanation, f"Fix: {finding.advice}"])
    lines.extend(f"{fact.source.value}: {fact.text}" for fact in finding.evidence)
    if finding.severity is Severity.INFO:
        _text(case, "system-out", lines)
        return
    kind = f"{finding.severity.value}, {finding.confidence.value}"
    _text(case, "failure", lines, message=finding.title, type=kind)


def _add_ignored(suite: Element, ignored: Ignored) -> None:
    case = _case(suite, ignored.finding.title, ignored.finding.rule)
    _text(case, "skipped", [], message=f"ignored: {ignored.because}", type="ignored")


def _add_rules(suite: Element, report: Report) -> None:
    """Add the rules that found nothing; a rule that could not be run is skipped."""
    needs = {skipped.rule: skipped.needs for skipped in report.skipped}
    spoke = {finding.rule for finding in report.findings}
    spoke.update(ignored.finding.rule for ignored in report.ignored)
    titles = {rule.id: rule.title for rule in report.rules}
    for rule in dict.fromkeys([*titles, *needs]):
        if rule not in spoke:
            case = _case(suite, titles.get(rule, rule), rule)
            if rule in needs:
                _text(case, "skipped", [], message=f"needs {needs[rule]}", type="not run")


def _case(suite: Element, name: str, rule: str) -> Element:
    return SubElement(suite, "testcase", classname=f"diag.{visible(rule)}", name=visible(name))


def _text(parent: Element, tag: str, lines: list[str], **attributes: str) -> None:
    safe = {name: visible(value) for name, value in attributes.items()}
    SubElement(parent, tag, safe).text = "\n".join(map(visible, lines)) or None


def _coverage(report: Report) -> list[str]:
    gaps = (f"{subject(gap)}: {gap.because}" for gap in report.observed.gaps)
    return [describe_coverage(report), *gaps]


def _count(suite: Element, report: Report) -> None:
    started = datetime.fromtimestamp(report.observed.started_at_unix_s, UTC)
    counts = {
        "tests": len(suite.findall("testcase")),
        "failures": len(suite.findall("testcase/failure")),
        "errors": len(suite.findall("testcase/error")),
        "skipped": len(suite.findall("testcase/skipped")),
    }
    for name, count in counts.items():
        suite.set(name, str(count))
    suite.set("time", f"{report.observed.duration_s:.3f}")
    suite.set("timestamp", started.strftime("%Y-%m-%dT%H:%M:%S"))
