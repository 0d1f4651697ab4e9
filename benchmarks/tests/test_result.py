"""Results are written, read again and shown, with the peers that were left out."""

from __future__ import annotations

import json
from importlib import import_module
from typing import TYPE_CHECKING

import pytest

from benchmarks import page
from benchmarks.__main__ import PARTS, part_as_text
from benchmarks.installed import find_missing, missing_sentences
from benchmarks.result import Group, Line, Part, Row, Span, Trace

if TYPE_CHECKING:
    from pathlib import Path

ROWS = (
    Row("a copy", "floor", 2.0, 1.0, 3.0),
    Row("ours", "ours", 3.0, 3.0, 3.0),
    Row("theirs", "peer", 40.0, 3.0, 50.0),
)
MACHINE = {"at": "2026-11-25", "processor": "one", "processors": 2, "load": 0.1, "system": "Linux", "python": "3.13"}
PART = Part(
    "small",
    "A small part",
    (Group("all of it", "ms", ROWS, "a copy", "≤ 2 × a copy", spread="95 % interval"),),
    (Line("growing", "rows", "MB", (1, 10), {"ours": (1.0, 2.0)}, "It grows."),),
    ("pandera: it is not installed (No module named 'pandera')",),
    ("A note.",),
    {**MACHINE, "packages": {"numpy": "2"}},
)


LOAD = Part(
    "load",
    "Under load",
    (Group("predictions", "ms", (Row("median", "ours", 4.0, 3.0, 5.0),)),),
    (Line("Load", "minutes", "ms", (1.0,), {"p99": (9.0,)}, course=True, marks=((0.5, "promoted"),)),),
    notes=("so",),
    traces=(Trace("cold", "A cold start", "ms", (Span("all", 0.0, 200.0, 0, "around"),)),),
)


@pytest.mark.parametrize("part", [PART, LOAD], ids=lambda part: part.name)
def test_a_part_is_read_as_it_was_written(part: Part) -> None:
    assert Part.of(json.loads(json.dumps(part.document()))) == part


def test_a_part_without_traces_and_marks_can_be_read() -> None:
    document = json.loads(json.dumps(LOAD.document()))
    del document["traces"], document["lines"][0]["marks"], document["lines"][0]["course"]

    part = Part.of(document)

    assert (part.traces, part.lines[0].marks, part.lines[0].course) == ((), (), False)


def test_a_skipped_peer_is_named_in_the_terminal_and_on_the_page(tmp_path: Path) -> None:
    page.write_page([PART], {}, tmp_path / "benchmarks.md")

    shown = (tmp_path / "benchmarks.md").read_text(encoding="utf-8")
    for text in (shown, part_as_text(PART)):
        assert "eft out: pandera: it is not installed (No module named 'pandera')" in text
    assert "| | ms | 95 % interval | × floor |" in shown
    assert "| **ours** | 3 |  | 1.5 |" in shown
    assert {path.name for path in (tmp_path / "benchmarks").iterdir()} == {"small-0.svg", "small-line-0.svg"}


def test_a_peer_is_skipped_when_its_import_fails_for_any_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "half_installed_peer.py").write_text("from numpy import nothing_of_this_name\n")
    monkeypatch.syspath_prepend(tmp_path)

    (sentence,) = missing_sentences(find_missing({"numpy": ["numpy"], "a peer": ["half_installed_peer"]}))

    assert sentence.startswith("a peer: it is not installed (cannot import name 'nothing_of_this_name'")


@pytest.mark.parametrize("name", PARTS)
def test_every_part_can_be_measured(name: str) -> None:
    assert callable(import_module(f"benchmarks.{name}").measure)
