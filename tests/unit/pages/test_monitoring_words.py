"""The words of a monitoring report agree with each other, whichever way its metric goes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from refrain.lake.judged_window import Distribution
from refrain.lake.quality_figures import Estimate, EvaluatedQuality
from refrain.pages.monitoring_page import render_monitoring_report
from refrain.pages.monitoring_words import quality_sentence, summarise, unfamiliar_sentence
from tests.contract.test_lake_objects import REPORT
from tests.unit.pages.test_run_page import Page

if TYPE_CHECKING:
    from refrain.lake.evaluation import Answer
    from refrain.lake.monitoring_report import MonitoringReport


def measured(metric: str, answer: Answer | None, *, breaks_gate: bool) -> MonitoringReport:
    assert REPORT.quality is not None
    needed = 250 if answer == "undecided" else None
    estimate = Estimate(0.7, 0.65, 0.75, 100)
    quality = replace(
        REPORT.quality, measured=estimate, why="", breaks_gate=breaks_gate, answer=answer, rows_needed=needed
    )
    return replace(REPORT, quality=quality, evaluated=EvaluatedQuality(metric, 0.8, 0.78, 0.82, 0.75, 0.02))


@pytest.mark.parametrize("metric", ["roc_auc", "rmse", "log_loss", "accuracy"])
@pytest.mark.parametrize(
    ("answer", "breaks_gate", "words"),
    [
        ("worse", True, "Surely worse than the gate allows"),
        ("undecided", True, "Surely worse than the gate allows"),
        ("worse", False, "Surely worse than on the holdout"),
        ("no_worse", False, "Surely no worse than on the holdout by more than 0.02"),
        ("better", False, "Surely better than on the holdout"),
        ("undecided", False, "undecided whether it is worse than on the holdout; about 250 more labels would decide"),
        (None, False, ""),
    ],
)
def test_sentence_and_page_say_the_same_of_the_quality(
    metric: str, answer: Answer | None, breaks_gate: bool, words: str
) -> None:
    report = measured(metric, answer, breaks_gate=breaks_gate)
    sentence, text = quality_sentence(report), Page(render_monitoring_report(report)).text

    assert words in text
    assert ("that the gate allows" in sentence) is breaks_gate
    assert ("on the holdout" in sentence) is (answer == "worse" and not breaks_gate)
    assert bool(sentence) is (breaks_gate or answer == "worse")
    assert "below the gate" not in text and "above the gate" not in text


def test_files_that_there_was_no_time_to_read_come_first() -> None:
    assert "no time" not in " ".join(summarise(REPORT))
    assert summarise(replace(REPORT, waiting_files=2))[0].startswith("There was no time to read 2 files, so no window")


def test_rows_with_unfamiliar_values_and_with_unfamiliar_combinations_are_told_apart() -> None:
    assert REPORT.window is not None
    words = unfamiliar_sentence(REPORT.window)
    values, features = "8 % of the rows had a value unlike any in training", " The features are most often city."
    assert words == f"{values}, and 2 % had values that did not go together in training.{features}"
    alone = replace(REPORT.window, unfamiliar=0.08, unfamiliar_combinations=0.0)
    assert unfamiliar_sentence(alone) == f"{values}.{features}"


@pytest.mark.parametrize(
    ("usual", "clause"),
    [
        (0, "All 7 distributions are as in training"),
        (1, "6 distributions are as in training; f0 moved, no more than while the training data was gathered"),
        (6, "1 distribution is as in training; f0, f1, f2 and 3 others moved, no more than"),
    ],
)
def test_the_headline_names_what_moved_as_usual(usual: int, clause: str) -> None:
    assert REPORT.window is not None
    distributions = tuple(
        Distribution(
            f"f{number}", answer=False, p=0.001, effect=2.0, drifted=False, importance=0, matters=0, usual=True
        )
        for number in range(usual)
    )
    window = replace(REPORT.window, distributions=distributions, calendar=("year",))
    report = replace(REPORT, state="steady", window=window)
    assert clause in " ".join(summarise(report))
    assert "moves with the calendar: year." in Page(render_monitoring_report(report)).text
