"""The report for programs: docs/json-report.md, docs/schema/report.schema.json."""

from diag.model.codec import encode_report
from diag.model.report import Report
from diag.render.options import Options


def render(report: Report, options: Options) -> str:
    """Encode the whole report; nothing is capped, `options` change nothing."""
    del options
    return encode_report(report).decode()
