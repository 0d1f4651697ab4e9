"""The drawings of a monitoring report: distributions beside those of training, and the windows as small multiples."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from refrain.pages.html import Html, captioned, element, legend
from refrain.pages.svg import Panel, Scale, chart, dot, pad_range, shorten_middle, svg, text, whisker
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.judged_window import Distribution, PastWindow
    from refrain.lake.monitoring_report import MonitoringReport
    from refrain.lake.quality_figures import Estimate

LABELS, WIDE, ROW = 150, 460, 19
SMALL = (300, 150)
MAX_DRAWN_EFFECTS = 6


def draw_distribution(distribution: Distribution, key: str) -> Html:
    """Draw the shares of each cell, in training and in the window."""
    cells = [
        (name, before, now)
        for name, before, now in zip(distribution.cells, distribution.reference, distribution.window, strict=True)
        if before or now
    ]
    greatest = max(max(before, now) for _, before, now in cells)
    bottom = 8 + ROW * len(cells)
    panel = Panel(Scale(0, greatest * 1.04, LABELS, WIDE - 46), Scale(0, 1, bottom, 4))
    parts = [*panel.grid_x("share of rows", 4)]
    for line, (name, before, now) in enumerate(cells):
        y = 8 + ROW * line
        parts.append(text(LABELS - 8, y + 11, shorten_middle(name, 24), "tick", "end", name))
        for value, top, colour in ((before, y, "champion"), (now, y + 7, "s2")):
            width = max(panel.x(value) - LABELS, 0.7)
            parts.append(element("rect", x=LABELS, y=top, height=6, rx=1, width=width, class_=f"bar {colour}"))
        parts.append(text(panel.x(max(before, now)) + 5, y + 11, share(now), "value"))
    change = distribution.change or "no sure change"
    description = f"Shares of {distribution.name} in training and in the latest window; {change}."
    drawing = svg(f"moved-{key}", (WIDE, bottom + 44), distribution.name, description, *parts)
    importance = f", importance {share(distribution.importance)}" if distribution.importance else ""
    colours = legend([("champion", "holdout" if distribution.answer else "training"), ("s2", "latest window")])
    return captioned(shorten_middle(distribution.name, 48), f"{change}{importance}", drawing, colours)


def multiples(report: MonitoringReport) -> list[Html]:
    """Draw quality, what was unfamiliar, and the effects of the first distributions, over the windows."""
    history, window = report.history, report.window
    note = "share of rows with anything unfamiliar"
    unfamiliar = _draw_series("unfamiliar", "Unlike training", note, history, [past.unfamiliar for past in history])
    drawings = [_draw_volume(history), *_draw_quality(report), *_draw_coverage(report), unfamiliar]
    distributions = window.distributions[:MAX_DRAWN_EFFECTS] if window else ()
    for index, name in enumerate(distribution.name for distribution in distributions):
        effects = [past.effects.get(name, 0.0) for past in history]
        key, title = f"effect-{index}", shorten_middle(name, 34)
        note = "sure change, by the least that counts (dashed)"
        drawings.append(_draw_series(key, title, note, history, effects, 1.0, name))
    return drawings


def _panel(windows: int, low: float, high: float) -> Panel:
    x = Scale(-0.6, max(windows - 0.4, 0.6), 44, SMALL[0] - 8)
    return Panel(x, Scale(low, high if high > low else low + 1, SMALL[1] - 26, 14))


def _draw(key: str, title: str, note: str, history: Sequence[PastWindow], panel: Panel, marks: Sequence[Html]) -> Html:
    """Draw marks with the times of the first and the last window, and a line where another version took over."""
    parts = [*panel.grid_y("", 3), *marks]
    for index, (before, after) in enumerate(pairwise(history)):
        if before.version != after.version:
            parts.append(panel.upright(index + 0.5, "zero"))
    first, last = _ends(history)
    parts.append(text(panel.x.start, SMALL[1] - 6, first))
    if len(history) > 1:
        parts.append(text(panel.x.end, SMALL[1] - 6, last, "tick", "end"))
    return chart(f"small-{key}", SMALL, title, note, f"{title}, {note}, from {first} to {last}.", parts)


def _ends(history: Sequence[PastWindow]) -> tuple[str, str]:
    """Return when the first and the last window ended: the days, or within a day the times."""
    ends = [history[index].until for index in (0, -1)]
    is_one_day = ends[0][:10] == ends[1][:10]
    first, last = (for_people(end if is_one_day else end[:10]) for end in ends)
    return first, last.rpartition(", ")[2]


def _draw_volume(history: Sequence[PastWindow]) -> Html:
    """Draw how many rows each window had; the windows that alarmed stand out."""
    panel = _panel(len(history), 0.0, max(past.rows for past in history) * 1.08)
    width = 0.8 * (panel.x(1) - panel.x(0))
    bars = []
    for index, past in enumerate(history):
        top, x = panel.y(past.rows), panel.x(index) - width / 2
        kind = "alarm" if past.alarmed else "calm"
        bars.append(element("rect", x=x, y=top, width=width, height=panel.y.start - top, class_=kind))
    alarms = sum(past.alarmed for past in history)
    return _draw("volume", "Volume", f"{alarms} of {len(history)} windows alarmed (red)", history, panel, bars)


def _draw_quality(report: MonitoringReport) -> list[Html]:
    """Draw the measured and the estimated metric of each window; nothing where there is neither."""
    evaluated, history = report.evaluated, report.history
    series = {
        ("s1", "measured"): [past.measured for past in history],
        ("s2", "estimated"): [past.estimated for past in history],
    }
    drawn = [
        (key, index, estimate)
        for key, estimates in series.items()
        for index, estimate in enumerate(estimates)
        if estimate
    ]
    if evaluated is None or not drawn:
        return []
    levels = [(evaluated.bound, "floor"), (evaluated.value, "ideal")]
    ends = [end for *_, estimate in drawn for end in (estimate.low, estimate.high)]
    panel = _panel(len(history), *pad_range([*ends, *(level for level, _ in levels if level is not None)]))
    parts = [panel.level(level, kind) for level, kind in levels if level is not None]
    for (colour, _), index, estimate in drawn:
        parts += _mark(panel, index, estimate, colour)
    title, note = METRICS[evaluated.metric].title, "dashed: on the holdout; red: the gate"
    names = legend(dict.fromkeys(key for key, *_ in drawn))
    return [element("div", _draw("quality", title, note, history, panel, parts), names)]


def _draw_coverage(report: MonitoringReport) -> list[Html]:
    """Draw the share of truths within what callers were told; nothing where they were told nothing."""
    drawn = [(index, past.held) for index, past in enumerate(report.history) if past.held]
    if report.coverage is None or not drawn:
        return []
    asked = report.coverage.adapted.coverage
    panel = _panel(
        len(report.history), *pad_range([asked, *(end for _, held in drawn for end in (held.low, held.high))])
    )
    marks = [panel.level(asked, "ideal"), *(mark for drawing in drawn for mark in _mark(panel, *drawing, "s1"))]
    note = "share of labelled predictions with one; dashed: asked for"
    return [_draw("coverage", "Truths within intervals", note, report.history, panel, marks)]


def _mark(panel: Panel, index: int, estimate: Estimate, colour: str) -> list[Html]:
    """Draw a figure of one window with its interval."""
    x = panel.x(index)
    return [
        whisker(x, panel.y(estimate.low), x, panel.y(estimate.high), colour),
        dot(x, panel.y(estimate.value), colour, 3.5),
    ]


def _draw_series(
    key: str,
    title: str,
    note: str,
    history: Sequence[PastWindow],
    values: Sequence[float],
    floor: float | None = None,
    name: str = "",
) -> Html:
    """Draw a value of each window; windows in which the distribution `name` drifted stand out."""
    panel = _panel(len(history), min(0.0, *values, floor or 0.0), max(*values, floor or 0.0) * 1.08)
    parts = [] if floor is None else [panel.level(floor, "ideal")]
    parts.append(panel.line(range(len(values)), values, "s1"))
    for index, (past, value) in enumerate(zip(history, values, strict=True)):
        kind = "alarm" if name in past.drifted else "calm"
        parts.append(element("circle", cx=panel.x(index), cy=panel.y(value), r=3.2, class_=kind))
    return _draw(key, title, note, history, panel, parts)
