"""The report's sections: functions from the evaluation to a piece of the page, or None with nothing to say."""

from collections.abc import Callable, Sequence

from refrain.lake.evaluation import Evaluation
from refrain.pages import run_charts
from refrain.pages.html import Html, element, html_table, joined
from refrain.pages.run_intervals import STATUS, intervals
from refrain.pages.run_models import LONGEST, Models, Shown
from refrain.pages.svg import shorten_middle
from refrain.statistics.metrics import METRICS
from refrain.words import counted, figure, listed, milliseconds, probability, share, signed, size

FEW_CLASSES = 4
OF_LISTS = ("ndcg@10", "recall@10", "hit_rate@10", "ndcg@40", "recall@40")
"""Of the many metrics of recommendations, those that are shown besides the gate's."""


def section(key: str, title: str, note: str, *content: str | None) -> Html:
    """Return a section with its heading."""
    return element(
        "section", element("h2", title, id=key), element("p", note, class_="soft"), *content, aria_labelledby=key
    )


def comparison(evaluation: Evaluation, models: Models) -> Html:
    """Show candidates against the champion: the drawing, the table and the rule."""
    gate, metric = evaluation["gate"], models.metric
    needed = evaluation["decision"]["confidence"]
    floor = gate["min_metric"] if metric.greater_is_better else gate["max_metric"]
    with_figures = [each for each in models.all if each.figures["value"] is not None]
    users = evaluation.get("users")
    asked = counted(evaluation["data"]["holdout_rows"], "holdout row") if users is None else counted(users, "user")
    note = f"All models answered the same {asked}. Intervals are {share(gate['confidence'])} ones, by paired bootstrap."
    drawing = intervals(models.all, metric, gate["confidence"], floor) if with_figures else None
    return section(
        "comparison",
        "Candidates against the champion" if models.champion else "The candidates",
        note if with_figures else "No model has a figure, so there is nothing to compare.",
        element("div", drawing, class_="wide scroll") if drawing else None,
        _figures_table(models) if models.all else None,
        _other_metrics(evaluation, models),
        element("p", _rule(evaluation, floor, needed), class_="soft small"),
    )


def _rule(evaluation: Evaluation, floor: float | None, needed: float) -> str:
    gate, metric = evaluation["gate"], METRICS[evaluation["metric"]]
    rules = ["answers as the trained pipeline does on all holdout and golden rows"]
    if floor is not None:
        bound = "at least" if metric.greater_is_better else "at most"
        rules.append(f"has {metric.title} of {bound} {figure(floor)}")
    popularity = evaluation.get("popularity")
    if popularity is not None:
        rules.append(f"is not worse than the most popular items ({figure(popularity)})")
    if gate["max_latency_ms"] is not None:
        rules.append(f"answers one row within {milliseconds(gate['max_latency_ms'])}")
    adjusted = "" if needed == gate["confidence"] else f" ({share(gate['confidence'])} adjusted for their number)"
    return (
        f"The gate: a candidate {listed(rules)}. The best of those replaces the champion when it is better and, "
        f"with probability {share(needed)}{adjusted}, no worse. "
        "A gain is positive when better, and its interval lies above zero when the gate lets it pass."
    )


def _named(model: Shown, *, fully: bool = False) -> Html:
    name = "champion" if model.champion else model.figures["name"]
    about = [model.document["estimator"].rpartition(".")[2], model.figures["version"] if model.champion else ""]
    small = [element("small", each) for each in about if each] if fully else []
    return joined([element("i", class_=model.colour), name, *small])


def _figures_table(models: Models) -> Html:
    header = ["Model", f"#{models.metric.title}"]
    header += ["#Gain", "#No worse"] if models.champion else []
    header += ["#One row", "#Size", "#Parity", "Verdict"]
    rows = [_figures_row(each, against=models.champion is not None) for each in models.all]
    return html_table("Figures of the gate", header, rows)


def _figures_row(model: Shown, *, against: bool) -> list[str]:
    found = model.figures
    row: list[str] = [_named(model, fully=True), _with_interval(found["value"], found["interval"], figure)]
    if against:
        row.append(_with_interval(found["gain"], found["gain_interval"], signed))
        row.append("–" if found["no_worse"] is None else probability(found["no_worse"]))
    row.append("–" if found["latency_ms"] is None else milliseconds(found["latency_ms"]))
    row.append("–" if found["bytes"] is None else size(found["bytes"]))
    row.append(_parity(model))
    code = None if model.verdict is None else model.verdict["code"]
    kind = "promoted" if code == "promoted" else "refused" if model.refused else ""
    status = "in service" if code is None else STATUS[code]
    row.append(element("span", status.removeprefix("refused: "), class_=f"badge tiny {kind}".strip()))
    return row


def _with_interval(value: float | None, interval: Sequence[float] | None, write: Callable[[float], str]) -> str:
    if value is None:
        return "–"
    ends = f"{write(interval[0])} to {write(interval[1])}" if interval else None
    return joined([write(value), element("small", ends) if ends else None])


def _parity(model: Shown) -> str:
    both = [each for each in (model.figures["parity"], model.figures["golden"]) if each is not None]
    if not both:
        return "–"
    differing, rows = sum(each["differing"] for each in both), sum(each["rows"] for each in both)
    furthest = max(each["max_difference"] for each in both)
    return joined([f"{counted(differing)} of {counted(rows)} differ", element("small", f"by at most {furthest:.1g}")])


def _other_metrics(evaluation: Evaluation, models: Models) -> Html | None:
    names = [name for name, metric in METRICS.items() if metric.task == evaluation["task"]]
    if evaluation["task"] == "recommendation":
        names = [name for name in names if name in OF_LISTS or name == evaluation["metric"]]
    beside = list(dict.fromkeys(name for each in models.all for name in each.document.get("beside", {})))
    known = [each for each in models.all if each.document.get("metrics")]
    if not known:
        return None
    rows = []
    for each in known:
        found = each.document.get("metrics", {})
        also = each.document.get("beside", {})
        rows.append(
            [
                _named(each),
                *(figure(found[name]) if name in found else "–" for name in names),
                *(figure(also[name]) if name in also else "–" for name in beside),
            ]
        )
    return html_table(
        f"Other figures on the same rows (the gate looks at {models.metric.title} only)",
        ["Model", *(f"#{METRICS[name].title}" for name in names), *(f"#{name.replace('_', ' ')}" for name in beside)],
        rows,
    )


def answers_section(evaluation: Evaluation, models: Models) -> Html | None:
    """Show how the models answer: ROC, calibration, spread and confusion, or residuals."""
    focus = models.focus
    if focus is None or not focus.curves:
        return None
    drawings = _of_values(models) if evaluation["task"] == "regression" else _of_classes(models, focus)
    who = "the champion" if focus.champion else focus.figures["name"]
    note = f"Of {who}" + (" beside the champion" if models.champion and not focus.champion else "")
    return section(
        "quality", "How they answer", f"{note}, on the holdout rows.", element("div", *drawings, class_="pair")
    )


def _of_classes(models: Models, focus: Shown) -> list[Html]:
    curves = focus.curves
    drawings = []
    if "roc" in curves:
        many = len(curves["confusion"]["classes"]) > 2 if "confusion" in curves else False
        note = "Each class against the rest, averaged." if many else "The closer to the upper left the better."
        drawings.append(run_charts.draw_roc(models.all, focus, note))
    drawings.append(run_charts.draw_calibration(models.close, curves.get("calibration_of", "the answer"), shares=True))
    if "histogram" in curves:
        drawings.append(run_charts.draw_histogram(focus, curves["histogram"]))
    if "confusion" in curves:
        drawings.append(_confusion(focus))
    return drawings


def _confusion(model: Shown) -> Html:
    found = model.curves["confusion"]
    names = [shorten_middle(name, LONGEST) for name in found["classes"]]
    corner = element("th", "truth ↓ answer →", scope="col")
    header = element("tr", corner, *(element("th", element("span", name), scope="col") for name in names))
    rows = zip(names, found["rows"], strict=True)
    body = [element("tr", element("th", name, scope="row"), *_shaded(name, cells)) for name, cells in rows]
    kind = "confusion many" if len(names) > FEW_CLASSES else "confusion"
    whole = element("table", element("thead", header), element("tbody", *body), class_=kind)
    note = f"Rows by true class and most probable label, by {model.label}."
    return run_charts.captioned("Confusion matrix", note, element("div", whole, class_="scroll"))


def _shaded(name: str, cells: Sequence[int]) -> list[Html]:
    total = max(sum(cells), 1)
    shade = "background:color-mix(in srgb, var(--s1) {:.0f}%, transparent)"
    return [
        element("td", counted(rows), style=shade.format(60 * rows / total), title=f"{share(rows / total)} of {name}")
        for rows in cells
    ]


def _of_values(models: Models) -> list[Html]:
    shown = [each for each in models.close if "residuals" in each.curves]
    drawings = []
    for place, each in enumerate(shown):
        others = [other.curves["residuals"] for other in shown if other is not each]
        drawings.append(run_charts.draw_residuals(each, each.curves["residuals"], others, str(place)))
    of = models.focus.curves.get("calibration_of", "the value") if models.focus else ""
    return [*drawings, run_charts.draw_calibration(models.close, of, shares=False)]


def importance_section(evaluation: Evaluation, models: Models) -> Html | None:
    """Show which features the model in focus relies on."""
    focus = models.focus
    if focus is None or not focus.importance:
        return None
    champion = None if focus.champion else models.champion
    return section(
        "importance",
        "What it relies on",
        "Features that say the same share their importance, or hide each other's.",
        run_charts.draw_importance(focus, champion, METRICS[evaluation["metric"]].title),
    )


def refused(models: Models) -> Html | None:
    """Say why each candidate that did not go into service did not."""
    told = [(each, each.verdict) for each in models.candidates if each.verdict and each.verdict["code"] != "promoted"]
    if not told:
        return None
    entries = []
    for each, verdict in told:
        badge = element("span", STATUS[verdict["code"]], class_=f"badge tiny{' refused' if each.refused else ''}")
        entries.append(element("li", badge, " ", verdict["reason"]))
    title = "Why not the others" if len(told) < len(models.candidates) else "Why none of them"
    return section("refused", title, "One sentence for each.", element("ul", *entries, class_="plain"))
