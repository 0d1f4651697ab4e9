"""The report's sections on how the models answer and what they rely on; None with nothing to show."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages import run_charts
from refrain.pages.html import Html, captioned, element, scroller, section
from refrain.pages.run_models import MAX_NAME_LENGTH, PageModel, PageModels
from refrain.pages.svg import shorten_middle
from refrain.words import counted, figure, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.evaluation import Evaluation, ToldUncertainty
    from refrain.lake.model_curves import Confusion, Curves

FEW_CLASSES = 4


def answers_section(evaluation: Evaluation, models: PageModels) -> Html | None:
    """Show how the models answer: ROC, calibration, spread and confusion, or residuals."""
    focus = models.focus
    if focus is None or focus.summary.curves is None:
        return None
    drawings = (
        _draw_values(models) if evaluation.task == "regression" else _draw_classes(models, focus, focus.summary.curves)
    )
    name = "the champion" if focus.is_champion else focus.figures.name
    beside = " beside the champion" if models.champion and not focus.is_champion else ""
    note = f"Of {name}{beside}, on the holdout rows. {_uncertainty_sentence(focus.summary.uncertainty)}"
    return section("quality", "How they answer", note, element("div", *drawings, class_="pair"))


def _uncertainty_sentence(uncertainty: ToldUncertainty | None) -> str:
    """Say how wide an interval, or how long a set of labels, has to be.

    >>> from refrain.lake.evaluation import ToldUncertainty
    >>> _uncertainty_sentence(ToldUncertainty(0.9, 3.25)), _uncertainty_sentence(ToldUncertainty(0.9, 0.5, 1.25))[-27:]
    ('90 % of the true values lie within ± 3.250 of the answer.', 'have 1.2 labels on average.')
    """
    if uncertainty is None:
        return ""
    if uncertainty.labels is None:
        return (
            f"{share(uncertainty.coverage)} of the true values lie within ± {figure(uncertainty.bound)} of the answer."
        )
    rows = f"{share(uncertainty.coverage)} of the rows"
    return f"Sets that hold the true class in {rows} have {uncertainty.labels:.2g} labels on average."


def _draw_classes(models: PageModels, focus: PageModel, curves: Curves) -> list[Html]:
    drawings = []
    if curves.roc:
        many = curves.confusion is not None and len(curves.confusion.classes) > 2
        note = "Each class against the rest, averaged." if many else "The closer to the upper left the better."
        drawings.append(run_charts.draw_roc(models.all, focus, note))
    drawings.append(run_charts.draw_calibration(models.close, curves.calibration_of, shares=True))
    if curves.histogram:
        drawings.append(run_charts.draw_histogram(focus, curves.histogram))
    if curves.confusion:
        drawings.append(_confusion(focus, curves.confusion))
    return drawings


def _confusion(model: PageModel, confusion: Confusion) -> Html:
    names = [shorten_middle(name, MAX_NAME_LENGTH) for name in confusion.classes]
    corner = element("th", "truth ↓ answer →", scope="col")
    header = element("tr", corner, *(element("th", element("span", name), scope="col") for name in names))
    rows = zip(names, confusion.rows, strict=True)
    body = [element("tr", element("th", name, scope="row"), *_shaded(name, cells)) for name, cells in rows]
    kind = "confusion many" if len(names) > FEW_CLASSES else "confusion"
    table = element("table", element("thead", header), element("tbody", *body), class_=kind)
    note = f"Rows by true class and most probable label, by {model.label}."
    return captioned("Confusion matrix", note, scroller("Confusion matrix", table))


def _shaded(name: str, cells: Sequence[int]) -> list[Html]:
    total = max(sum(cells), 1)
    shade = "background:color-mix(in srgb, var(--s1) {:.0f}%, transparent)"
    return [
        element("td", counted(rows), style=shade.format(45 * rows / total), title=f"{share(rows / total)} of {name}")
        for rows in cells
    ]


def _draw_values(models: PageModels) -> list[Html]:
    drawn = [(model, model.summary.curves) for model in models.close if model.summary.curves]
    residuals = [curves.residuals for _, curves in drawn if curves.residuals]
    drawings = [
        run_charts.draw_residuals(model, curves.residuals, residuals, str(index))
        for index, (model, curves) in enumerate(drawn)
        if curves.residuals
    ]
    return [*drawings, run_charts.draw_calibration(models.close, drawn[0][1].calibration_of, shares=False)]


def importance_section(models: PageModels) -> Html | None:
    """Show which features the model in focus relies on."""
    focus = models.focus
    if focus is None or not focus.summary.importance:
        return None
    champion = None if focus.is_champion else models.champion
    return section(
        "importance",
        "What it relies on",
        "Features that say the same share their importance, or hide each other's.",
        run_charts.draw_importance(focus, champion, models.metric.title),
    )
