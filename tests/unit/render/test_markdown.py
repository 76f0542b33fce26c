"""Markdown: what it looks like, and that nothing of the target is markup in it."""

import re

import pytest

from diag.render import markdown
from diag.render.options import Options
from tests.conftest import Golden
from tests.unit.render.examples import EXAMPLES, full, hostile


@pytest.mark.parametrize("name", EXAMPLES)
def test_looks_as_agreed(name: str, golden: Golden) -> None:
    golden(f"markdown-{name}.md", markdown.render(EXAMPLES[name](), Options()))


def test_the_graph_is_a_mermaid_chart() -> None:
    text = markdown.render(full(), Options())
    (chart,) = re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    assert 'n1 -->|"its exit"| n0' in chart
    assert 'n0["3 x worker<br/>in Handler.acquire"]:::cause' in chart
    assert ":::absent" in chart


def outside_of_code(text: str) -> str:
    """Drop fenced blocks and code spans, in which nothing is markup."""
    text = re.sub(r"(?ms)^(`{3,})\w*\n.*?^\1$", "", text)
    return re.sub(r"(?<!`)(`+)(?!`).*?(?<!`)\1(?!`)", "", text)


def test_nothing_hostile_is_markup() -> None:
    text = outside_of_code(markdown.render(hostile(), Options()))
    assert "alert" in text
    assert not re.search(r"(?<!\\)<(?!/?(details|summary|br)>)", text)
    assert not re.search(r"(?<!\\)`", text)
    assert ":bomb:" not in text
    assert "\x1b" not in text


def test_a_hostile_label_stays_in_its_label() -> None:
    text = markdown.render(hostile(), Options())
    (chart,) = re.findall(r"```mermaid\n(.*?)\n```", text, re.DOTALL)
    for line in chart.splitlines()[1:]:
        assert re.fullmatch(
            r'  (n\d+\["[^"`<>]*(<br/>[^"`<>]*)?"\]:::\w+'
            r'|n\d+ -->\|"[^"`<>|]*"\| n\d+|classDef [\w :#,;-]+)',
            line,
        ), line


@pytest.mark.parametrize(
    ("hostile_text", "written"),
    [
        ("# heading", r"\# heading"),
        ("- item", r"\- item"),
        ("12. item", r"12\. item"),
        ("a | b", r"a \| b"),
        ("[x](y)", r"\[x\](y)"),
        ("see #12", "see &#35;12"),
        ("@team", "&#64;team"),
        ("http://x.y", "http&#58;//x.y"),
        ("www.x.y", "www&#46;x.y"),
        ("<b>", r"\<b\>"),
    ],
)
def test_text_is_escaped(hostile_text: str, written: str) -> None:
    assert markdown.escape_text(hostile_text) == written
