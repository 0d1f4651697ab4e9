"""The report's drawings of how well models answer, each from bounded lists."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, element, legend, scroller
from refrain.pages.svg import Panel, Scale, chart, diamond, dot, pad_range, shorten_middle, text, whisker
from refrain.words import counted, figure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.evaluation import Importance
    from refrain.lake.model_curves import Histogram, Residuals
    from refrain.pages.run_models import PageModel

SIZE = (460, 330)
LEFT, RIGHT, TOP, BOTTOM = 54, 446, 26, 286
MAX_FEATURE_LENGTH = 40
BAR_WIDTH, BAR_HEIGHT = 960, 22


def _panel(x: tuple[float, float], y: tuple[float, float]) -> Panel:
    return Panel(Scale(*x, LEFT, RIGHT), Scale(*y, BOTTOM, TOP))


def _strength(model: PageModel, focus: PageModel | None) -> str:
    kind = "is-champion" if model.is_champion else "focus" if model is focus else ""
    return f"{model.colour} {kind}".strip()


def draw_roc(models: Sequence[PageModel], focus: PageModel | None, note: str) -> Html:
    """Draw the ROC curves of all models that have one, the one in focus on top."""
    panel = _panel((0, 1), (0, 1))
    curves = [(model, model.summary.curves.roc) for model in models if model.summary.curves]
    drawn = [(model, curve) for model, curve in curves if curve and curve.x]
    on_top = sorted(drawn, key=lambda pair: pair[0] is focus)
    parts = [
        *panel.grid("false positive rate", "true positive rate"),
        panel.line([0, 1], [0, 1], "ideal"),
        *(panel.line(curve.x, curve.y, _strength(model, focus)) for model, curve in on_top),
    ]
    names = ", ".join(model.label for model, _ in drawn)
    description = f"ROC curves of {names}; the closer to the upper left the better."
    return chart("roc", SIZE, "ROC curves", note, description, parts, _legend(drawn))


def draw_calibration(models: Sequence[PageModel], of: str, *, shares: bool) -> Html:
    """Draw the mean answer of each bin against the mean truth, with 95 % intervals; the diagonal is calibrated."""
    drawn = [(model, model.summary.curves.calibration) for model in models if model.summary.curves]
    values = [value for _, bins in drawn for value in (*bins.answered, *bins.low, *bins.high)]
    ends = (0.0, 1.0) if shares else pad_range(values, 0.04)
    panel = _panel(ends, ends)
    parts = [*panel.grid(f"mean answer: {of}", "observed"), panel.line(ends, ends, "ideal")]
    for model, bins in reversed(drawn):
        parts.append(panel.line(bins.answered, bins.observed, _strength(model, None)))
        mark = diamond if model.is_champion else dot
        for answer, mean, low, high in zip(bins.answered, bins.observed, bins.low, bins.high, strict=True):
            parts.append(whisker(panel.x(answer), panel.y(low), panel.x(answer), panel.y(high), model.colour))
            parts.append(mark(panel.x(answer), panel.y(mean), model.colour, 4))
    description = f"The models' answers against the truth, in bins of {of}; on the diagonal they are equal."
    note = f"Of {of}, in bins of equally many rows, with 95 % intervals."
    return chart("calibration", SIZE, "Calibration", note, description, parts, _legend(drawn))


def _legend(drawn: Sequence[tuple[PageModel, object]]) -> Html:
    return legend((model.colour, model.label) for model, _ in drawn)


def draw_histogram(model: PageModel, histogram: Histogram) -> Html:
    """Draw how the answers are spread, apart for each series, each as shares of its own rows."""
    counts = list(histogram.series.values())
    shares = [[rows / max(sum(series), 1) for rows in series] for series in counts]
    panel = _panel((histogram.edges[0], histogram.edges[-1]), (0, max(map(max, shares)) * 1.06 or 1))
    colours = ("yes", "no")
    areas = [panel.steps(histogram.edges, heights, colour) for heights, colour in zip(shares, colours, strict=True)]
    names = [f"{name} ({counted(sum(series), 'row')})" for name, series in histogram.series.items()]
    description = f"Histograms of {histogram.of} for {' and '.join(names)}."
    note = f"{histogram.of[0].upper()}{histogram.of[1:]}, by {model.label}."
    parts = [*panel.grid(histogram.of, "share of its rows"), *reversed(areas)]
    entries = legend(zip(colours, names, strict=True))
    return chart("histogram", SIZE, "Spread of the answers", note, description, parts, entries)


def draw_residuals(model: PageModel, residuals: Residuals, on_page: Sequence[Residuals], key: str) -> Html:
    """Draw the residuals' median and quantile bands along the answer, on the same axes as all residuals on the page."""
    y = pad_range([value for item in on_page for line in item.quantiles.values() for value in line])
    x = pad_range([value for item in on_page for value in item.answered], 0.02)
    panel = _panel(x, (min(y[0], 0), max(y[1], 0)))
    xs, lines = residuals.answered, residuals.quantiles
    description = "Quantiles of truth minus answer, along the answer; at best a narrow, even band around zero."
    parts = [
        *panel.grid("answer", "truth − answer"),
        panel.level(0, "zero"),
        panel.band(xs, lines["0.05"], lines["0.95"], model.colour),
        panel.band(xs, lines["0.25"], lines["0.75"], f"{model.colour} inner"),
        panel.line(xs, lines["0.5"], f"{model.colour} focus"),
    ]
    spread = max(lines["0.95"]) - min(lines["0.05"])
    note = f"Median, middle half and middle 90 % of rows; {figure(spread)} from lowest to highest."
    return chart(f"residuals-{key}", SIZE, f"Residuals of {model.label}", note, description, parts)


def draw_importance(model: PageModel, champion: PageModel | None, title: str, max_features: int = 20) -> Html:
    """Draw how much worse the metric gets without each feature, greatest first; the champion's as diamonds."""
    features = model.summary.importance[:max_features]
    of_champion = {item.feature: item.loss for item in champion.summary.importance} if champion else {}
    ends = [end for item in features for end in (item.loss - item.standard_error, item.loss + item.standard_error)]
    ends += [of_champion[item.feature] for item in features if item.feature in of_champion]
    low, high = pad_range([0.0, *ends], 0.04)
    left = 30 + 6.6 * max(len(shorten_middle(item.feature, MAX_FEATURE_LENGTH)) for item in features)
    bottom = 14 + BAR_HEIGHT * len(features)
    x = Scale(low if min([0.0, *ends]) < 0 else 0.0, high, left, BAR_WIDTH - 80)
    panel = Panel(x, Scale(0, 1, bottom, 8))
    parts = [*panel.grid_x(f"{title} lost when the feature's values are shuffled"), panel.upright(0, "zero")]
    for index, item in enumerate(features):
        parts += _bar(panel, 14 + BAR_HEIGHT * (index + 0.5), model.colour, item, of_champion.get(item.feature))
    description = f"Greatest first: {', '.join(item.feature for item in features[:5])}."
    note = f"By permutation, for {model.label}, with its standard error."
    hidden = model.summary.importance[max_features:]
    if hidden:
        greatest = max(abs(item.loss) for item in hidden)
        note += f" {counted(len(hidden), 'further feature')} of at most {figure(greatest)} are not drawn."
    colours = legend([(model.colour, model.label), ("champion", "champion")]) if of_champion else None
    size = (BAR_WIDTH, bottom + 44)
    drawing = chart("importance", size, "Importance of features", note, description, parts, colours)
    return scroller("Importance of features", drawing, "wide scroll")


def _bar(panel: Panel, y: float, colour: str, item: Importance, of_champion: float | None) -> list[Html]:
    """Draw one feature: its name, a bar with its spread, the champion's diamond and the figure."""
    zero, end = panel.x(0), panel.x(item.loss)
    spread = (panel.x(item.loss - item.standard_error), panel.x(item.loss + item.standard_error))
    name = shorten_middle(item.feature, MAX_FEATURE_LENGTH)
    bar = {"x": min(zero, end), "y": y - 7, "rx": 2, "height": 14, "width": max(abs(end - zero), 0.7)}
    parts = [
        text(panel.x.start - 10, y + 4, name, "label", "end", item.feature),
        element("rect", **bar, class_=f"bar {colour}"),
        element("line", x1=spread[0], y1=y, x2=spread[1], y2=y, class_="zero"),
    ]
    if of_champion is not None:
        parts.append(diamond(panel.x(of_champion), y, "champion", 5))
    right = max(spread[1], zero, panel.x(of_champion or 0.0) + 6)
    return [*parts, text(right + 7, y + 4, figure(item.loss), "value")]
