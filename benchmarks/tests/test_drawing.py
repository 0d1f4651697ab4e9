"""Drawings are valid SVG with all figures."""

from __future__ import annotations

import xml.etree.ElementTree as ET

from benchmarks.drawing import draw_lines, draw_waterfall
from benchmarks.result import Line, Span, Trace


def words(drawing: str) -> list[str]:
    """Everything that is written in a drawing; fails where it is no XML."""
    return ["".join(text.itertext()) for text in ET.fromstring(drawing).iter("{http://www.w3.org/2000/svg}text")]


def test_a_line_over_time_starts_at_zero_and_has_its_marks() -> None:
    marks = ((1.0, "promoted"), (1.5, "taken back"))
    line = Line("Load", "minutes", "ms", (0.5, 1.5), {"p99": (20.0, 9.0), "median": (4.0, 5.0)}, "", True, False, marks)

    texts = words(draw_lines(line))

    assert {"promoted", "taken back", "p99", "median", "minutes", "ms", "0.0", "10"} <= set(texts)


def test_memory_is_drawn_from_zero() -> None:
    line = Line("Memory", "models", "MB", (1.0, 100.0), {"asked": (100.0, 1200.0)}, plain=True)

    assert {"0", "200", "1,200", "1", "10", "100"} <= set(words(draw_lines(line)))


def test_a_waterfall_names_each_span_with_its_duration() -> None:
    spans = (
        Span("all", 0.0, 200.0, 0, "around"),
        Span("import numpy", 30.0, 75.5, 1, "import"),
        Span("<graph>", 80, 84),
    )

    texts = words(draw_waterfall(Trace("cold", "A cold start", "ms", spans)))

    assert {"all", "import numpy", "<graph>", "200", "45.5", "4", "ms"} <= set(texts)
