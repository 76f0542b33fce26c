from diag import resources
from diag.scenario import docs, labels


def test_the_page_of_scenarios_is_up_to_date() -> None:
    written = (resources.shipped("docs") / docs.PAGE).read_text(encoding="utf-8")
    assert written == docs.page(labels.load_all()), "run: python -m diag.scenario.docs"


def test_a_rule_that_is_not_built_is_not_promised() -> None:
    for line in docs.page(labels.load_all()).splitlines():
        if "`gil-bound`" in line:
            assert "*(planned)*" in line
