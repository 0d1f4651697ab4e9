"""The drawings of a look: distributions beside those of training, and the last windows as small multiples."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from refrain.pages.html import Html, element
from refrain.pages.run_charts import captioned, legend
from refrain.pages.svg import Panel, Scale, dot, pad_range, shorten_middle, svg, text, whisker
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import figure, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.monitoring_report import FigureDocument, MonitoringReport, MovedDocument, PastWindow

STYLE = """
.multiples { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 290px), 1fr)); gap: 22px 26px; }
.alarm { fill: var(--bad); }
.calm { fill: var(--soft); opacity: .55; }
"""
LABELS, WIDE, ROW = 150, 460, 19
SMALL = (300, 150)
MOST_EFFECTS = 6


def distribution(moved: MovedDocument, key: str) -> Html:
    """Draw the shares of each cell, in training and in the window."""
    cells = [place for place, _ in enumerate(moved["cells"]) if moved["reference"][place] or moved["window"][place]]
    most = max(max(moved["reference"][place], moved["window"][place]) for place in cells)
    bottom = 8 + ROW * len(cells)
    panel = Panel(Scale(0, most * 1.04, LABELS, WIDE - 46), Scale(0, 1, bottom, 4))
    parts = [*panel.grid_x("share of rows", 4)]
    for line, place in enumerate(cells):
        y = 8 + ROW * line
        before, now = moved["reference"][place], moved["window"][place]
        name = moved["cells"][place]
        parts.append(text(LABELS - 8, y + 11, shorten_middle(name, 24), "tick", "end", name))
        for value, top, colour in ((before, y, "champion"), (now, y + 7, "s2")):
            width = max(panel.x(value) - LABELS, 0.7)
            parts.append(element("rect", x=LABELS, y=top, height=6, rx=1, width=width, class_=f"bar {colour}"))
        parts.append(text(panel.x(max(before, now)) + 5, y + 11, share(now), "value"))
    said = f"Shares of {moved['name']} in training and in the latest window; effect {figure(moved['effect'])}."
    drawing = svg(f"moved-{key}", (WIDE, bottom + 44), moved["name"], said, *parts)
    note = f"Effect {figure(moved['effect'])}" + (
        f", importance {share(moved['importance'])}" if moved["importance"] else ""
    )
    title = shorten_middle(moved["name"], 48)
    return captioned(
        title,
        note,
        drawing,
        legend([("champion", "holdout" if moved["answer"] else "training"), ("s2", "latest window")]),
    )


def multiples(look: MonitoringReport) -> list[Html]:
    """Draw quality, what was unfamiliar, and the effects of what drifted, over the windows."""
    history = look["history"]
    window = look["window"]
    drawn = [volume(history), *_quality(look)]
    drawn.append(
        _series(
            "unfamiliar",
            "Unlike training",
            "share of rows with anything unfamiliar",
            history,
            [each["unfamiliar"] for each in history],
            None,
        )
    )
    names = [each["name"] for each in window["features"]][:MOST_EFFECTS] if window else []
    for place, name in enumerate(names):
        effects = [each["effects"].get(name, 0.0) for each in history]
        drawn.append(
            _series(
                f"effect-{place}",
                shorten_middle(name, 34),
                "effect; dashed: the floor",
                history,
                effects,
                look["least_effect"],
                name,
            )
        )
    return drawn


def _panel(count: int, values: Sequence[float]) -> Panel:
    low, high = min(0.0, *values), max(values) * 1.08
    return Panel(
        Scale(-0.6, max(count - 0.4, 0.6), 44, SMALL[0] - 8),
        Scale(low, high if high > low else low + 1, SMALL[1] - 26, 14),
    )


def volume(history: Sequence[PastWindow]) -> Html:
    """Draw how many predictions each window had; the windows that alarmed stand out."""
    panel = _panel(len(history), [float(each["rows"]) for each in history])
    parts = [*panel.grid_y("", 3)]
    width = 0.8 * (panel.x(1) - panel.x(0))
    for place, each in enumerate(history):
        top = panel.y(each["rows"])
        kind = "alarm" if each["alarmed"] else "calm"
        parts.append(
            element("rect", x=panel.x(place) - width / 2, y=top, width=width, height=panel.y.start - top, class_=kind)
        )
    alarms = sum(each["alarmed"] for each in history)
    return _small("volume", "Volume", f"{alarms} of {len(history)} windows alarmed (red)", history, panel, parts)


def _quality(look: MonitoringReport) -> list[Html]:
    """Draw the measured and the estimated metric of each window."""
    evaluated, history = look["evaluated"], look["history"]
    lines = [
        ("s1", "measured", _known([each["measured"] for each in history])),
        ("s2", "estimated", _known([each["estimated"] for each in history])),
    ]
    known = [value for *_, points in lines for _, value in points]
    if evaluated is None or not known:
        return []
    ends = [end for value in known for end in (value["low"], value["high"])]
    ends += [bound for bound in (evaluated["bound"], evaluated["value"]) if bound is not None]
    panel = Panel(
        Scale(-0.6, max(len(history) - 0.4, 0.6), 44, SMALL[0] - 8), Scale(*pad_range(ends), SMALL[1] - 26, 14)
    )
    parts = [*panel.grid_y("", 3)]
    if evaluated["bound"] is not None:
        parts.append(panel.level(evaluated["bound"], "floor"))
    if evaluated["value"] is not None:
        parts.append(panel.level(evaluated["value"], "ideal"))
    for colour, _, points in lines:
        for place, value in points:
            parts.append(whisker(panel.x(place), panel.y(value["low"]), panel.x(place), panel.y(value["high"]), colour))
            parts.append(dot(panel.x(place), panel.y(value["value"]), colour, 3.5))
    title = METRICS[evaluated["metric"]].title
    drawing = _small("quality", title, "dashed: on the holdout; red: the gate", history, panel, parts)
    named = legend([(colour, name) for colour, name, points in lines if points])
    return [element("div", drawing, named)]


def _known(figures: Sequence[FigureDocument | None]) -> list[tuple[int, FigureDocument]]:
    return [(place, each) for place, each in enumerate(figures) if each]


def _series(
    key: str,
    title: str,
    note: str,
    history: Sequence[PastWindow],
    values: list[float],
    floor: float | None,
    name: str = "",
) -> Html:
    panel = _panel(len(history), [*values, floor or 0.0])
    parts = [*panel.grid_y("", 3)]
    if floor is not None:
        parts.append(panel.level(floor, "ideal"))
    places = [float(place) for place, _ in enumerate(values)]
    parts.append(panel.line(places, values, "s1"))
    for place, (each, value) in enumerate(zip(history, values, strict=True)):
        parts.append(
            element(
                "circle",
                cx=panel.x(place),
                cy=panel.y(value),
                r=3.2,
                class_="alarm" if name in each["drifted"] else "calm",
            )
        )
    return _small(key, title, note, history, panel, parts)


def _small(key: str, title: str, note: str, history: Sequence[PastWindow], panel: Panel, parts: list[Html]) -> Html:
    for place, (before, each) in enumerate(pairwise(history)):
        if before["version"] != each["version"]:
            parts.append(panel.upright(place + 0.5, "zero"))
    first, last = _day(history[0]["until"]), _day(history[-1]["until"])
    parts.append(text(panel.x.start, SMALL[1] - 6, first))
    if len(history) > 1:
        parts.append(text(panel.x.end, SMALL[1] - 6, last, "tick", "end"))
    return captioned(
        title, note, svg(f"small-{key}", SMALL, title, f"{title}, {note}, from {first} to {last}.", *parts)
    )


def _day(time: str) -> str:
    return for_people(time[:10])
