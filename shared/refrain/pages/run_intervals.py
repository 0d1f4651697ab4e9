"""The drawing that the decision is read from: each model's figure with its interval, and its gain over the champion."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.svg import Panel, Scale, diamond, dot, pad_range, svg, text, whisker
from refrain.words import figure, share, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from refrain.lake.evaluation import Answer, VerdictCode
    from refrain.pages.html import Html
    from refrain.pages.run_models import PageModel
    from refrain.statistics.metrics import Metric

WIDTH, NAMES, ROW, TOP = 960, 190, 44, 40
VERDICTS: dict[VerdictCode, str] = {
    "too_large": "refused: too large",
    "failed": "failed",
    "parity_broken": "refused: parity broken",
    "inexact": "refused: inexact",
    "golden_broken": "refused: golden rows broken",
    "below_trivial": "refused: no better than trivial",
    "below_floor": "refused: worse than allowed",
    "too_slow": "refused: too slow",
    "promoted": "chosen",
    "not_better": "best candidate, not better",
    "not_best": "passed, not the best",
}
ANSWERS: dict[Answer, str] = {
    "better": "surely better",
    "no_worse": "surely no worse",
    "worse": "surely worse",
    "undecided": "undecided",
}


def draw_intervals(
    models: Sequence[PageModel], metric: Metric, confidence: float, floor: float | None, base: str
) -> Html:
    """Draw all models that have a figure; refused ones hollow, those far outside at the border.

    The left half has the figures, with the least (or greatest) that is allowed as a dashed line; the right half, where
    there is one, the gains over `base`, whose intervals the answers are read from.
    """
    drawn = [model for model in models if model.figures.value is not None]
    against = any(model.figures.gain is not None for model in drawn)
    bottom = TOP + ROW * len(drawn)
    ends = [(model, [*(model.figures.interval or ()), model.figures.value or 0.0]) for model in drawn]
    x = Scale(*_near(ends, [] if floor is None else [floor]), NAMES, 545 if against else WIDTH - 30)
    left = Panel(x, Scale(0, 1, bottom, TOP - 6))
    arrow = "greater is better →" if metric.greater_is_better else "← smaller is better"
    parts = [*left.grid_x(f"{metric.title} ({arrow})", 4 if against else 8)]
    if floor is not None and left.x.low <= floor <= left.x.high:
        side = "least allowed" if metric.greater_is_better else "greatest allowed"
        label = f"{side}: {figure(floor)}"
        parts += [left.upright(floor, "floor"), text(left.x(floor), 24, label, "floor-label", "middle")]
    right = Panel(Scale(*_gains(drawn), 600, WIDTH - 30), left.y) if against else None
    if right:
        parts += [*right.grid_x(f"gain over {base} (better →)", 4), right.upright(0, "zero")]
    for index, model in enumerate(drawn):
        figures, y = model.figures, TOP + ROW * (index + 0.5) + 5
        status = VERDICTS[model.verdict.code] if model.verdict else "in service when the run began"
        parts += [text(0, y, model.label, "name", full=figures.name), text(0, y + 15, status, "faint")]
        parts += _mark(left, model, figures.value, figures.interval, y, figure)
        if right:
            parts += _mark(right, model, figures.gain, figures.gain_interval, y, signed)
    description = "; ".join(f"{model.label} {figure(model.figures.value or 0)}" for model in drawn)
    title = f"{metric.title} of all models, {share(confidence)} intervals"
    return svg("intervals", (WIDTH, bottom + 46), title, description, *parts)


def _mark(
    panel: Panel,
    model: PageModel,
    value: float | None,
    ends: Sequence[float] | None,
    y: float,
    write: Callable[[float], str],
) -> list[Html]:
    """Draw one figure, if there is one, with its interval."""
    if value is None:
        return []
    x = panel.x(value)
    parts = [whisker(panel.x(ends[0]), y, panel.x(ends[1]), y, model.colour)] if ends else []
    colour = f"{model.colour} hollow" if model.is_refused else model.colour
    parts.append(diamond(x, y, colour) if model.is_champion else dot(x, y, colour))
    below, above = value < panel.x.low, value > panel.x.high
    label = f"{'‹ ' if below else ''}{write(value)}{' ›' if above else ''}"
    return [*parts, text(x, y - 11, label, "value", "start" if below else "end" if above else "middle")]


def _gains(drawn: Sequence[PageModel]) -> tuple[float, float]:
    gains = [(model, model.figures.gain_interval, model.figures.gain) for model in drawn]
    return _near([(model, [0.0, gain, *(ends or ())]) for model, ends, gain in gains if gain is not None], [])


def _near(ends: Sequence[tuple[PageModel, list[float]]], bounds: list[float]) -> tuple[float, float]:
    """Return a range that holds all models that passed; refused ones, and bounds, when they are not far from those."""
    passed = [value for model, values in ends if not model.is_refused for value in values]
    refused = [value for model, values in ends if model.is_refused for value in values]
    inside = passed or refused
    room = 3 * (max(inside) - min(inside))
    near = [value for value in (*refused, *bounds) if min(inside) - room <= value <= max(inside) + room]
    return pad_range([*inside, *near])
