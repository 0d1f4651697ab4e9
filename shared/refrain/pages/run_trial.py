"""The report's section on the trial: what both versions answered in service, as the last judgement saw it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.html import Html, element, html_table, joined, section
from refrain.words import counted, figure, milliseconds, share, signed

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.lake.trial_outcome import TrialFigures, TrialOutcome
    from refrain.statistics.metrics import Metric

NOTE = (
    "Both versions answered the same rows. The interval of the gain holds at all looks together: a trial ends at the "
    "first look that decides (asymptotic confidence sequence, Waudby-Smith et al. 2021)."
)


def trial_section(trial: TrialOutcome | None, metric: Metric) -> Html | None:
    """Show the figures of a trial; None where there was none, or nobody could judge it."""
    if trial is None or trial.figures is None:
        return None
    header = ["What", "#Measured", "#Tolerated"]
    table = html_table("The challenger beside the champion", header, _rows(trial.figures, metric))
    return section("trial", "The trial", NOTE, table)


def _rows(figures: TrialFigures, metric: Metric) -> list[list[str]]:
    margin = None if figures.margin is None else -figures.margin
    return [
        ["Rows", counted(figures.rows), ""],
        ["Rows without an answer", _written(share, figures.failed), ""],
        ["Time for one row", _written(milliseconds, figures.milliseconds), ""],
        [
            "Distance from the champion's answers",
            _written(figure, figures.distance),
            _written(figure, figures.distance_tolerated),
        ],
        ["Rows with a label", counted(figures.labelled), ""],
        [f"Gain of {metric.title}", _gain(figures), _written(signed, margin)],
    ]


def _gain(figures: TrialFigures) -> str:
    if figures.gain is None or figures.gain_low is None or figures.gain_high is None:
        return "–"
    interval = f"{signed(figures.gain_low)} to {signed(figures.gain_high)}"
    return joined([signed(figures.gain), element("small", interval)])


def _written(write: Callable[[float], str], value: float | None) -> str:
    return "–" if value is None else write(value)
