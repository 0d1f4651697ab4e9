"""The words of a monitoring report agree with each other, whichever way its metric goes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from refrain.lake.monitoring_report import Estimate, EvaluatedQuality, MonitoringReport
from refrain.pages.monitoring_page import render_monitoring_report
from refrain.pages.monitoring_words import quality_sentence
from tests.contract.test_lake_objects import REPORT
from tests.unit.pages.test_run_page import Page


def measured(metric: str, *, breaks_gate: bool, worse: bool) -> MonitoringReport:
    assert REPORT.quality is not None
    quality = replace(
        REPORT.quality, measured=Estimate(0.7, 0.65, 0.75, 100), why="", breaks_gate=breaks_gate, worse=worse
    )
    return replace(REPORT, quality=quality, evaluated=EvaluatedQuality(metric, 0.8, 0.78, 0.82, 0.75))


@pytest.mark.parametrize("metric", ["roc_auc", "rmse", "log_loss", "accuracy"])
@pytest.mark.parametrize(
    ("breaks_gate", "worse", "words"),
    [
        (True, True, "worse than the gate allows"),
        (True, False, "worse than the gate allows"),
        (False, True, "worse than on the holdout"),
        (False, False, ""),
    ],
)
def test_sentence_and_page_say_the_same_of_the_quality(metric: str, breaks_gate: bool, worse: bool, words: str) -> None:
    report = measured(metric, breaks_gate=breaks_gate, worse=worse)
    sentence, text = quality_sentence(report), Page(render_monitoring_report(report)).text

    assert ("that the gate allows" in sentence) is (f"Surely {words}" in text and breaks_gate)
    assert ("on the holdout" in sentence) is (words == "worse than on the holdout")
    assert bool(sentence) is bool(words)
    assert "below the gate" not in text and "above the gate" not in text
