"""Writes docs/scenarios.md from the labels: `python -m diag.scenario.docs`."""

from collections.abc import Sequence

from diag import resources
from diag.scenario.labels import Expected, Scenario, Source, Variant, load_all

PAGE = "scenarios.md"
_HEAD = """\
<!-- Written by `python -m diag.scenario.docs` from scenarios/*/scenario.toml. Do not edit. -->
# Scenarios

Failures of Python concurrency that you can run: plain programs, each with its fixed twins
and controls. `diag scenario run NAME` runs all variants of one and compares them;
`diag scenario show NAME` tells its story; `diag scenario run NAME --variant VARIANT --watch`
attaches to the broken one while it is in trouble and shows the diagnosis.

"found" says what diag is to report for it; *(planned)* marks a rule that is not built yet.
"""


def page(scenarios: Sequence[Scenario]) -> str:
    """Return the text of docs/scenarios.md."""
    return "\n".join([_HEAD, *(_chapter(scenario) for scenario in scenarios)])


def _chapter(scenario: Scenario) -> str:
    lines = [
        f"## {scenario.name}: {scenario.title}",
        "",
        f"{scenario.summary} [The story](../scenarios/{scenario.name}/README.md).",
        "",
        "Documented in: " + "; ".join(_source(source) for source in scenario.sources) + ".",
        "",
        "| variant | is | shows | ends | needs | found |",
        "|---|---|---|---|---|---|",
        *(_row(variant) for variant in scenario.variants),
        "",
    ]
    return "\n".join(lines)


def _source(source: Source) -> str:
    return f"[{source.title}]({source.url})" if source.url else source.title


def _row(variant: Variant) -> str:
    found = ", ".join(_expected(expected) for expected in variant.expects) or "nothing"
    found += f": {variant.beyond}" if variant.beyond else ""
    cells = (variant.name, variant.kind, variant.about, variant.ends, _needs(variant), found)
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"


def _needs(variant: Variant) -> str:
    before = f", before {variant.needs.before}" if variant.needs.before else ""
    needs = [f"Python {variant.needs.python}{before}"]
    if variant.needs.cpu_cores is not None:
        needs.append(f"a cgroup with {variant.needs.cpu_cores:g} CPU")
    if variant.needs.memory_mb is not None:
        needs.append(f"a cgroup with {variant.needs.memory_mb} MiB")
    needs += [f"`{module}`" for module in variant.needs.modules]
    return ", ".join(needs)


def _expected(expected: Expected) -> str:
    where = f" in `{expected.function}`" if expected.function else ""
    planned = "" if expected.rule_available else " *(planned)*"
    more_general = "".join(f" or `{rule}`" for rule in expected.or_rules)
    return f"`{expected.rule}`{planned} ({expected.confidence}){where}{more_general}"


if __name__ == "__main__":
    (resources.shipped("docs") / PAGE).write_text(page(load_all()), encoding="utf-8")
