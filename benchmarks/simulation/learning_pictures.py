"""Draws the pictures of docs/learning.md with the product's own decisions on made-up rows, and measured figures."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.drawing import alone
from benchmarks.result import Group, Part
from preprocessing import Gate, Rollout
from refrain.lake.expectation import Expectation
from refrain.pages.html import Html, element
from refrain.pages.svg import Panel, Scale, dot, svg, text, whisker
from refrain.statistics.gain_answer import answer_to
from refrain.statistics.gains import measure_gains
from refrain.statistics.metrics import METRICS
from refrain.trial.labelled_gain import compare_labelled
from refrain.trial.verdict import TrialFacts, reach_verdict, risk_of_a_test
from refrain.words import figure

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.arrays import Floats

DOCS = Path(__file__).parents[2] / "docs"
WIDE = 860
ALPHA = 0.05
GATE_ROWS, GATE_MARGIN, SPREAD = 1_000, 0.01, 0.16
GAINS = (0.016, 0.003, -0.016, -0.002)
"""Mean gains of four challengers; the last one is seen on a tenth of the rows."""
TRIAL_ERROR, TRIAL_ROWS = 0.2, 2_400
EXPECTED = Expectation([], None, -1.0, 1.0, 0.1, 0.1, margin=0.016, deviation=0.2, step=0.2, block=1)
CHALLENGERS = {"equal": 1.0, "worse": 1.35}
"""How many times as wrong as the champion the challengers on trial are."""

JUDGED, REFITTED, NEXT = 0.8, 1.0, 1.25
"""Where the judged version's rows, the refitted version's rows, and the rows that come next end."""

WORDS = {"better": "better", "no_worse": "no worse", "worse": "worse", "undecided": "undecided: more rows are needed"}


def draw_gate() -> str:
    """Draw the four answers to a comparison: where the interval of the gain lies decides."""
    panel = Panel(Scale(-0.045, 0.045, 40, WIDE - 230), Scale(0, 1, 200, 30))
    parts = [*panel.grid_x("gain of the challenger, with its interval"), panel.upright(0, "zero")]
    parts += [panel.upright(-GATE_MARGIN, "floor"), text(panel.x(-GATE_MARGIN), 20, "margin", "floor-label", "middle")]
    for index, gain in enumerate(GAINS):
        rows = GATE_ROWS // (10 if index == len(GAINS) - 1 else 1)
        noise = np.random.default_rng(index).normal(0, SPREAD, (rows, 1))
        measured = measure_gains(gain + noise - noise.mean(), np.arange(rows), ALPHA)[0]
        y, colour = 52 + 40 * index, f"s{index + 1}"
        low, high = measured.interval or (-1.0, 1.0)
        parts += [whisker(panel.x(low), y, panel.x(high), y, colour), dot(panel.x(measured.gain), y, colour)]
        parts.append(text(WIDE - 215, y + 4, WORDS[answer_to(measured, GATE_MARGIN, 0.0, ALPHA)], "label"))
    return alone(svg("gate", (WIDE, 250), "Four answers to a comparison", ", ".join(WORDS.values()), *parts))


def draw_trial() -> str:
    """Draw challengers on trial, until each is decided."""
    panel = Panel(Scale(0, TRIAL_ROWS, 70, WIDE - 210), Scale(-0.12, 0.06, 290, 40))
    parts = [*panel.grid("labelled rows", "gain of the challenger"), panel.level(0, "zero")]
    parts.append(panel.level(-EXPECTED.margin, "floor"))
    parts.append(text(WIDE - 200, panel.y(-EXPECTED.margin) + 4, "margin", "floor-label"))
    sentences = []
    for index, (name, times) in enumerate(CHALLENGERS.items()):
        rows, intervals, decision = _try(times)
        lows, highs = zip(*intervals, strict=True)
        parts.append(panel.band(rows, lows, highs, f"s{index + 1}"))
        parts += [panel.line(rows, ends, f"s{index + 1}") for ends in (lows, highs)]
        sentences.append(f"{name}: {decision} after {rows[-1]:,.0f} rows")
        parts.append(text(panel.x(rows[-1]) + 6, panel.y(sum(intervals[-1]) / 2) + 4, sentences[-1], "label"))
    return alone(svg("trial", (WIDE, 340), "Two challengers on trial", "; ".join(sentences), *parts))


def _try(times: float) -> tuple[list[float], list[tuple[float, float]], str]:
    """Look each hundred labelled rows, until the judge decides: the rows, the intervals of the gain, the decision."""
    errors: Floats = np.random.default_rng(3).normal(0, TRIAL_ERROR, (2, TRIAL_ROWS))
    gate, rollout = Gate(None, None, 1 - ALPHA, None), Rollout("shadow", least_minutes=0)
    rows: list[float] = []
    intervals = []
    for count in range(100, TRIAL_ROWS + 1, 100):
        answers = errors[0, :count], times * errors[1, :count]
        requests = np.arange(count)
        gain = compare_labelled(METRICS["mae"], np.zeros(count), *answers, EXPECTED, requests)
        assert gain is not None, "values always give a figure"
        rows.append(float(count))
        intervals.append(gain.interval(risk_of_a_test(gate)))
        facts = TrialFacts(1.0, np.zeros(count), requests, labelled=count, gain=gain)
        verdict = reach_verdict(facts, rollout, gate)
        if verdict.verdict != "wait":
            break
    return rows, intervals, {"promote": "promoted", "dismiss": "dismissed", "wait": "undecided"}[verdict.verdict]


def draw_refit() -> str:
    """Draw which rows a version learns and which judge it, and below what that is worth on real tables."""
    x = Scale(0, NEXT, 150, WIDE - 20)
    lines = [
        ("judged version", [(0, JUDGED, "s1", "learns these rows"), (JUDGED, REFITTED, "s2", "is judged here")]),
        ("refitted version", [(0, REFITTED, "s1", "learns all rows"), (REFITTED, NEXT, "s2", "serves, and is judged")]),
    ]
    parts: list[Html] = []
    for index, (name, spans) in enumerate(lines):
        y = 14 + 40 * index
        parts.append(text(140, y + 17, name, "label", "end"))
        for start, end, colour, words in spans:
            bar = {"x": x(start), "y": y, "width": x(end) - x(start) - 2, "height": 24, "rx": 2}
            parts += [element("rect", **bar, class_=f"area {colour}"), text(x(start) + 8, y + 16, words, "label")]
    parts.append(text(x(REFITTED), 112, "now", "axis", "middle"))
    groups = _refit_groups()
    for index, group in enumerate(groups):
        y, (judged, refitted) = 140 + 44 * index, group.rows[:2]
        parts.append(text(140, y + 20, group.title.split(":")[0], "label", "end"))
        for step, (row, colour) in enumerate(((judged, "champion"), (refitted, "s1"))):
            width = 480 * row.median / judged.median
            bar = {"x": x(0), "y": y + 17 * step, "width": width, "height": 14, "rx": 2}
            value = f"{group.unit} {figure(row.median)} {('judged', 'refitted')[step]}"
            parts += [element("rect", **bar, class_=f"bar {colour}")]
            parts.append(text(x(0) + width + 8, y + 12 + 17 * step, value, "value"))
    size = (WIDE, 140 + 44 * len(groups))
    description = "A version is judged on the newest fifth of the rows, and then fitted again on all."
    return alone(svg("refit", size, "The refit", description, *parts))


def _refit_groups() -> tuple[Group, ...]:
    """Read the errors that `make bench ONLY=refitting` measured."""
    parts = json.loads((DOCS / "benchmarks.json").read_text(encoding="utf-8"))["parts"]
    groups = next((Part.of(part).groups for part in parts if part["name"] == "refitting"), ())
    return tuple(group for group in groups if not group.more_is_better)


PICTURES: dict[str, Callable[[], str]] = {"gate": draw_gate, "trial": draw_trial, "refit": draw_refit}
"""The drawings by the names of their files in docs/learning."""


def write_pictures(folder: Path = DOCS / "learning") -> None:
    """Draw all."""
    folder.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (folder / f"{name}.svg").write_text(draw(), encoding="utf-8")
