"""The whole page."""

from pathlib import Path

from refrain.evaluation.document import Evaluation
from refrain.report.data import data
from refrain.report.header import header
from refrain.report.markup import Html, element, joined
from refrain.report.sections import comparison, importance, quality, refused
from refrain.report.shown import shown

STYLE = Path(__file__).with_name("style.css")
METHODS = (
    "Intervals: percentiles of a paired bootstrap, all models on the same resamples of the holdout rows "
    "(Efron & Tibshirani 1993). Several candidates share the risk of a mistake (Bonferroni). Calibration: Wilson's "
    "intervals for shares. Importance: loss by permutation (Breiman 2001; Fisher, Rudin & Dominici 2019). "
    "Parity: the exported graph against the trained pipeline, row by row."
)


def render(evaluation: Evaluation) -> str:
    """Return the report as one self-contained HTML file.

    Args:
        evaluation: see `refrain.evaluation.document`; its texts may hold anything, they are escaped.
    """
    models = shown(evaluation)
    sections = (
        comparison(evaluation, models),
        quality(evaluation, models),
        importance(evaluation, models),
        refused(models),
        data(evaluation),
    )
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("title", f"Retraining of {evaluation['model']}: {evaluation['outcome']}"),
        element("style", Html(STYLE.read_text(encoding="utf-8"))),
    )
    footer = element("footer", element("p", METHODS), element("p", "Made by Refrain."))
    body = element("body", element("main", header(evaluation, models), *sections, footer))
    return joined([Html("<!doctype html>\n"), element("html", head, body, lang="en"), Html("\n")])
