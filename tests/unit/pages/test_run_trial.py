from __future__ import annotations

from refrain.lake.trial_outcome import TrialFigures, TrialOutcome
from refrain.pages.run_trial import trial_section
from refrain.statistics.metrics import METRICS

FIGURES = TrialFigures(61.0, 5000, 0.001, 0.25, 0.02, 0.031, 0.09, 1200, 0.0042, -0.0031, 0.0115, 0.01)


def test_the_section_shows_what_was_measured_and_what_is_tolerated() -> None:
    html = trial_section(TrialOutcome("promote", "proved", "It did well.", "now", FIGURES), METRICS["roc_auc"])

    assert html
    for text in ("5,000", "0.1 %", "0.0310", "0.0900", "1,200", "Gain of ROC AUC", "+0.00420", "−0.0100"):
        assert text in html
    assert "−0.00310 to +0.0115" in html


def test_what_nobody_measured_is_a_dash() -> None:
    none = TrialFigures(61.0, 0, None, None, None, None, None, 0, None, None, None, None)

    html = trial_section(TrialOutcome("dismiss", "too_few_rows", "Nobody asked.", "now", none), METRICS["mae"])

    assert html
    assert html.count("–") >= 5


def test_without_a_trial_or_figures_of_it_there_is_no_section() -> None:
    assert trial_section(None, METRICS["mae"]) is None
    assert trial_section(TrialOutcome("dismiss", "unjudged", "It broke.", "now", None), METRICS["mae"]) is None
