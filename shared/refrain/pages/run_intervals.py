"""The drawing that the decision is read from: each model's figure with its interval, and its gain over the champion."""

from collections.abc import Callable, Sequence

from refrain.pages.html import Html
from refrain.pages.run_models import Shown
from refrain.pages.svg import Panel, Scale, diamond, dot, pad_range, svg, text, whisker
from refrain.statistics.metrics import Metric
from refrain.words import figure, share, signed

WIDTH, NAMES, ROW, TOP = 960, 190, 44, 40


def intervals(models: Sequence[Shown], metric: Metric, confidence: float, floor: float | None) -> Html:
    """Draw all models that have a figure; refused ones hollow, those far outside at the border.

    The left half has the figures, with the least (or greatest) that is allowed as a dashed line; the right half, where
    there is a champion, the differences with intervals at the adjusted confidence.
    """
    drawn = [each for each in models if each.figures["value"] is not None]
    against = any(each.figures["gain"] is not None for each in drawn)
    bottom = TOP + ROW * len(drawn)
    left = Panel(Scale(*_range(drawn, floor), NAMES, 545 if against else WIDTH - 30), Scale(0, 1, bottom, TOP - 6))
    arrow = "greater is better →" if metric.greater_is_better else "← smaller is better"
    parts = [*left.grid_x(f"{metric.title} ({arrow})", 4 if against else 8)]
    if floor is not None and left.x.low <= floor <= left.x.high:
        side = "least allowed" if metric.greater_is_better else "greatest allowed"
        parts += [
            left.upright(floor, "floor"),
            text(left.x(floor), 24, f"{side}: {figure(floor)}", "floor-label", "middle"),
        ]
    right = Panel(Scale(*_gains(drawn), 600, WIDTH - 30), left.y) if against else None
    if right:
        parts += [*right.grid_x("gain over the champion (better →)", 4), right.upright(0, "zero")]
    for place, each in enumerate(drawn):
        y = TOP + ROW * (place + 0.5) + 5
        parts += [text(0, y, each.label, "name", full=each.figures["name"]), text(0, y + 15, _status(each), "faint")]
        parts += _mark(left, each, each.figures["value"], each.figures["interval"], y, figure)
        if right and each.figures["gain"] is not None:
            parts += _mark(right, each, each.figures["gain"], each.figures["gain_interval"], y, signed)
    said = "; ".join(f"{each.label} {figure(each.figures['value'] or 0)}" for each in drawn)
    return svg(
        "intervals", (WIDTH, bottom + 46), f"{metric.title} of all models, {share(confidence)} intervals", said, *parts
    )


def _status(each: Shown) -> str:
    if each.verdict is None:
        return "in service when the run began"
    return STATUS[each.verdict["code"]]


STATUS = {
    "failed": "failed",
    "parity_broken": "refused: parity broken",
    "golden_broken": "refused: golden rows broken",
    "below_popularity": "refused: worse than popularity",
    "below_floor": "refused: worse than allowed",
    "too_slow": "refused: too slow",
    "promoted": "chosen",
    "not_better": "best candidate, not better",
    "not_best": "passed, not the best",
}


def _mark(
    panel: Panel,
    each: Shown,
    value: float | None,
    ends: Sequence[float] | None,
    y: float,
    write: Callable[[float], str],
) -> list[Html]:
    if value is None:
        return []
    x = panel.x(value)
    parts = [whisker(panel.x(ends[0]), y, panel.x(ends[1]), y, each.colour)] if ends else []
    outside = value < panel.x.low or value > panel.x.high
    colour = f"{each.colour} hollow" if each.refused else each.colour
    parts.append(diamond(x, y, colour) if each.champion else dot(x, y, colour))
    label = f"{'‹ ' if value < panel.x.low else ''}{write(value)}{' ›' if value > panel.x.high else ''}"
    anchor = "middle" if not outside else "start" if value < panel.x.low else "end"
    return [*parts, text(x, y - 11, label, "value", anchor)]


def _range(drawn: Sequence[Shown], floor: float | None) -> tuple[float, float]:
    ends = [(each, [*(each.figures["interval"] or ()), each.figures["value"] or 0.0]) for each in drawn]
    return _near(ends, [] if floor is None else [floor])


def _gains(drawn: Sequence[Shown]) -> tuple[float, float]:
    known = [(each, each.figures["gain_interval"], each.figures["gain"]) for each in drawn]
    return _near([(each, [0.0, gain, *(ends or ())]) for each, ends, gain in known if gain is not None], [])


def _near(ends: Sequence[tuple[Shown, list[float]]], others: list[float]) -> tuple[float, float]:
    """Return a range that shows all models that passed; refused ones, and others, when they are not far from those."""
    passed = [value for each, values in ends if not each.refused for value in values]
    refused = [value for each, values in ends if each.refused for value in values]
    inside = passed or refused
    room = 3 * (max(inside) - min(inside))
    near = [value for value in (*refused, *others) if min(inside) - room <= value <= max(inside) + room]
    return pad_range([*inside, *near])
