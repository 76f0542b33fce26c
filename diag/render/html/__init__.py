"""One HTML file that needs nothing else: for a person who has never heard of diag.

All words are in the page itself, so it reads and prints without scripts; scripts add the
drawn graph, the charts and the filters. Text is escaped by Jinja's autoescape, characters
that act without being markup by `visible`, data for scripts by `data.embed`.
"""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from diag.model.report import Report
from diag.render.escape import visible
from diag.render.html import assets
from diag.render.html.charts import charts
from diag.render.html.content import Content
from diag.render.html.data import embed
from diag.render.options import Options


def render(report: Report, _options: Options) -> str:
    """Return the page."""
    content = Content(report)
    drawn = charts(report)
    return (
        _environment()
        .get_template("report.html")
        .render(
            report=report,
            content=content,
            charts=drawn,
            graph_data=Markup(embed(content.picture.data())),  # noqa: S704 - escaped for a script
            chart_data=Markup(embed(drawn)),  # noqa: S704 - escaped for a script
            styles=assets.styles(),
            scripts=assets.scripts(),
            policy=assets.security_policy(),
        )
    )


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("diag.render.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )


def _finalize(value: object) -> object:
    """Spell out control characters in every text that is not markup of this package."""
    if isinstance(value, str) and not isinstance(value, Markup):
        return visible(value)
    return value
