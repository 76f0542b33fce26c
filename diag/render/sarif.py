"""SARIF 2.1.0: findings as results on the guilty line, for code scanning and editors.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html; section numbers below are its.
"""

import json
from collections.abc import Iterable
from pathlib import PurePosixPath
from typing import Any
from urllib.parse import quote

from diag.model.finding import Confidence, Finding, Link, Location, Severity
from diag.model.gap import Gap
from diag.model.report import Report, RuleInfo
from diag.model.stack import Frame
from diag.render.escape import visible
from diag.render.options import Options
from diag.render.places import anchor, is_in_project, who
from diag.render.summary import subject

Object = dict[str, Any]

SCHEMA = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
PROJECT = "%SRCROOT%"  # the name that GitHub gives the folder of the checkout
HOME = "HOME"
_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.INFO: "note"}
# 3.27.25: how certain, from 0 to 100
_RANKS = {Confidence.PROVEN: 100.0, Confidence.LIKELY: 70.0, Confidence.POSSIBLE: 30.0}


def render(report: Report, _options: Options) -> str:
    """Return a log with one run; findings that the policy ignores are in it, suppressed."""
    rules = _rules(report)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [_result(report, finding, index) for finding in report.findings]
    for ignored in report.ignored:
        result = _result(report, ignored.finding, index)
        because = visible(ignored.because)
        result["suppressions"] = [{"kind": "external", "justification": because}]
        results.append(result)
    run = {
        "tool": {
            "driver": {"name": "diag", "semanticVersion": report.diag_version, "rules": rules}
        },
        "columnKind": "unicodeCodePoints",
        "originalUriBaseIds": {
            PROJECT: {"description": {"text": "The folder that diag ran in."}},
            HOME: {"description": {"text": "The home directory of the target's user."}},
        },
        "invocations": [
            {
                "executionSuccessful": True,
                "toolExecutionNotifications": list(map(_notification, report.observed.gaps)),
            }
        ],
        "results": results,
        "properties": {
            "verdict": report.verdict.value,
            "headline": visible(report.headline),
            "processesSeen": report.observed.processes_seen,
            "processesRead": report.observed.processes_read,
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2) + "\n"


def _rules(report: Report) -> list[Object]:
    known = {rule.id: _rule(rule) for rule in report.rules}
    found = (*report.findings, *(ignored.finding for ignored in report.ignored))
    unknown = {finding.rule: {"id": visible(finding.rule)} for finding in found}
    return list({**unknown, **known}.values())


def _rule(rule: RuleInfo) -> Object:
    return {
        "id": rule.id,
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": rule.summary},
        "help": {"text": f"{rule.summary} `diag rules {rule.id}` shows its page."},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": ["concurrency", "reliability"]},
    }


def _result(report: Report, finding: Finding, index: dict[str, int]) -> Object:
    message = f"{finding.title}. {finding.explanation} Fix: {finding.advice}"
    result: Object = {
        "ruleId": visible(finding.rule),
        "ruleIndex": index[visible(finding.rule)],
        "level": _LEVELS[finding.severity],
        "kind": "fail",
        "rank": _RANKS[finding.confidence],
        "message": {"text": visible(message)},
        "locations": [_location(anchor(finding))],
        "relatedLocations": [
            _location(place, who(place)) | {"id": number}
            for number, place in enumerate(finding.related, start=1)
        ],
        "properties": {
            "confidence": finding.confidence.value,
            "evidence": [f"{e.source.value}: {visible(e.text)}" for e in finding.evidence],
        },
    }
    if finding.fingerprint:
        result["partialFingerprints"] = {"diag/v1": finding.fingerprint}
    if finding.chain:
        steps = [{"location": _step(link)} for link in finding.chain]
        result["codeFlows"] = [{"threadFlows": [{"locations": steps}]}]
    frames = _frames(report, finding.primary)
    if frames:
        result["stacks"] = [{"frames": [{"location": _of_frame(frame)} for frame in frames]}]
    return result


def _step(link: Link) -> Object:
    message = "\n".join(visible(line) for line in (link.text, *link.details))
    if link.waiter is None:
        return {"message": {"text": message}}
    return _location(link.waiter, message, escaped=True)


def _location(place: Location, message: str = "", *, escaped: bool = False) -> Object:
    location: Object = {}
    if place.file is not None:
        location.update(_physical(place.file, place.line))
    if place.function:
        logical = {"fullyQualifiedName": visible(place.function), "kind": "function"}
        location["logicalLocations"] = [logical]
    if message:
        location["message"] = {"text": message if escaped else visible(message)}
    return location


def _of_frame(frame: Frame) -> Object:
    return _location(Location(pid=0, function=frame.function, file=frame.file, line=frame.line))


def _physical(file: str, line: int | None) -> Object:
    """Return where a file is; code without one (<frozen importlib>, <string>) is nowhere."""
    if file.startswith("<"):
        return {}
    place: Object = {"artifactLocation": _artifact(file)}
    if line:
        place["region"] = {"startLine": line}
    return {"physicalLocation": place}


def _artifact(file: str) -> Object:
    if is_in_project(file):
        return {"uri": _quoted(file), "uriBaseId": PROJECT}
    if file.startswith("~/"):
        return {"uri": _quoted(file.removeprefix("~/")), "uriBaseId": HOME}
    return {"uri": "file://" + _quoted(file)}


def _quoted(path: str) -> str:
    """Return a path as a URI reference; surrogates stand for bytes that are no UTF-8."""
    return quote(str(PurePosixPath(path)).encode("utf-8", "surrogateescape"))


def _frames(report: Report, place: Location) -> Iterable[Frame]:
    for view in report.processes:
        for thread in view.process.threads:
            if (view.process.pid, thread.tid) == (place.pid, place.tid) and thread.stack:
                return thread.stack.frames
    return ()


def _notification(gap: Gap) -> Object:
    return {"level": "note", "message": {"text": visible(f"{subject(gap)}: {gap.because}")}}
