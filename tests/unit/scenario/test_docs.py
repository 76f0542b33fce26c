from diag import resources
from diag.scenario import docs, labels


def test_the_page_of_scenarios_is_up_to_date() -> None:
    written = (resources.shipped("docs") / docs.PAGE).read_text(encoding="utf-8")
    assert written == docs.page(labels.load_all()), "run: python -m diag.scenario.docs"


def test_a_rule_that_is_not_built_is_not_promised() -> None:
    page = docs.page(labels.load_all())
    for scenario in labels.load_all():
        for expected in (each for variant in scenario.variants for each in variant.expects):
            assert (f"`{expected.rule}` *(planned)*" in page) is not expected.rule_available
