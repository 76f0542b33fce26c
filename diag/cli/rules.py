"""`diag rules`: what each rule means, needs, and how to fix what it finds."""

from __future__ import annotations

import click

from diag.cli.output import write_stdout
from diag.errors import UsageError
from diag.resources import shipped


@click.command(short_help="Say what each rule means and how to fix what it finds.")
@click.argument("rule", required=False, metavar="[ID]")
def rules(*, rule: str | None) -> None:
    """List the rules, or print the page of one."""
    write_stdout(_list() if rule is None else _page(rule))


def _list() -> str:
    from diag.rules.registry import RULES

    width = max(len(rule.id) for rule in RULES)
    lines = [f"{rule.id:{width}}  {rule.severity:7}  {rule.title}" for rule in RULES]
    return "\n".join([*lines, "", "diag rules ID prints the page of a rule.", ""])


def _page(name: str) -> str:
    import difflib

    from diag.rules.registry import RULES

    known = {rule.id: rule for rule in RULES}
    if name not in known:
        near = difflib.get_close_matches(name, known, n=1)
        hint = f"did you mean {near[0]}?" if near else "`diag rules` lists them"
        raise UsageError(f"there is no rule {name!r}", hint=hint)
    page = shipped("docs") / "rules" / f"{name}.md"
    return page.read_text(encoding="utf-8")
