"""docs/learning.md says what was simulated and measured; `make simulate ONLY=nothing` writes it anew."""

from __future__ import annotations

import json
import re

import pytest

from benchmarks.drawing import three_digits
from benchmarks.result import Group, Part
from benchmarks.simulation.__main__ import read_figures
from benchmarks.simulation.learning_pictures import DOCS, PICTURES
from benchmarks.simulation.summary import with_summaries
from refrain.words import figure

PAGE = (DOCS / "learning.md").read_text(encoding="utf-8")


def words(drawing: str) -> list[str]:
    """The labels of a drawing, without numbers: who is promoted after how many rows may move a little."""
    return [re.sub(r"[\d,.]+", "", label) for label in re.findall(r">([^<>]+)</text>", drawing)]


@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_says_what_the_product_decides_today(name: str) -> None:
    committed = (DOCS / "learning" / f"{name}.svg").read_text(encoding="utf-8")
    assert words(PICTURES[name]()) == words(committed)
    assert f"(learning/{name}.svg)" in PAGE


def test_the_summaries_are_those_of_the_simulated_cells() -> None:
    assert with_summaries(list(read_figures().values()), PAGE) == PAGE


def measured_groups(name: str) -> tuple[Group, ...]:
    parts = json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))["parts"]
    return next(Part.of(part).groups for part in parts if part["name"] == name)


@pytest.mark.parametrize(("name", "lines"), [("drift", 14), ("estimates", 8)])
def test_the_figures_beside_peers_are_those_of_the_benchmark(name: str, lines: int) -> None:
    measured = [
        line
        for group in measured_groups(name)
        if (line := f"| {group.title} | {' | '.join(three_digits(row.median) for row in group.rows)} |") in PAGE
    ]
    assert len(measured) == lines


def test_the_gains_of_the_refit_are_those_of_the_benchmark() -> None:
    groups = measured_groups("refitting")
    measured = [
        (figure(judged.median), figure(refitted.median)) for judged, refitted in (group.rows for group in groups)
    ]
    assert re.findall(r"^\|[^|]+\|[^|\d]+\| ([\d.]+) \| ([\d.]+) \|$", PAGE, re.MULTILINE) == measured
