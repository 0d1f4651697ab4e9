"""What was measured is the same after it was written and read."""

from __future__ import annotations

import json

from benchmarks.result import Group, Line, Part, Row, Span, Trace

PART = Part(
    "load",
    "Under load",
    (Group("predictions", "ms", (Row("median", "ours", 4.0, 3.0, 5.0),)),),
    (Line("Load", "minutes", "ms", (1.0,), {"p99": (9.0,)}, course=True, marks=((0.5, "promoted"),)),),
    notes=("so",),
    traces=(Trace("cold", "A cold start", "ms", (Span("all", 0.0, 200.0, 0, "around"),)),),
)


def test_a_part_is_read_as_it_was_written() -> None:
    assert Part.of(json.loads(json.dumps(PART.document()))) == PART


def test_a_part_without_traces_and_marks_can_be_read() -> None:
    document = json.loads(json.dumps(PART.document()))
    del document["traces"], document["lines"][0]["marks"], document["lines"][0]["course"]

    found = Part.of(document)

    assert (found.traces, found.lines[0].marks, found.lines[0].course) == ((), (), False)
