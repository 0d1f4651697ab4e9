"""The page of the demo's stream shows all blocks and events."""

from __future__ import annotations

import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime, timedelta

import pytest

from local.demo.stream_page import NAMES, mean_errors, render_stream_page
from local.demo.timeline import Block, StreamEvent, Timeline

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@pytest.fixture
def timeline() -> Timeline:
    """Four blocks, with an event of each kind after the second."""
    blocks = [
        Block(f"2013-04-{10 + minute}", error, first_version_error, "v1", NOON + timedelta(minutes=minute))
        for minute, (error, first_version_error) in enumerate([(8, 8), (16, 16), (9, 18), (7, 22)])
    ]
    return Timeline(13, blocks, [StreamEvent(NOON + timedelta(minutes=1.5), kind, f"<{kind}>") for kind in NAMES])


def test_the_mean_errors_are_over_all_blocks(timeline: Timeline) -> None:
    assert mean_errors(timeline) == (10.0, 16.0)


def test_the_page_has_both_lines_and_every_event_with_its_text(timeline: Timeline) -> None:
    page = render_stream_page(timeline)

    drawing = ElementTree.fromstring(page[page.index("<svg") : page.index("</svg>") + len("</svg>")])
    lines = [path.get("class") for path in drawing.iter("path") if "line" in str(path.get("class"))]
    texts = [text.text for text in drawing.iter("text")]
    assert lines == ["line champion is-champion", "line s1 focus"]
    assert {str(number) for number, _ in enumerate(NAMES, 1)} <= set(texts)
    assert "10.0 minutes off on average; the first version alone would have been 16.0" in page
    assert all(f"&lt;{kind}&gt;" in page and name in page for kind, name in NAMES.items())


def test_the_page_can_be_drawn_without_events(timeline: Timeline) -> None:
    page = render_stream_page(Timeline(13, timeline.blocks[:1]))

    assert "8.0 minutes off on average" in page
    assert "dismissed." not in page
