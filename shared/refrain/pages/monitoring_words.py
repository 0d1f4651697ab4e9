"""A monitoring report in sentences: for its page, for people who are notified, and for the reason of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.pages.cause_words import cause_sentence, causes_of
from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, listed, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from refrain.lake.judged_window import JudgedWindow, PastWindow
    from refrain.lake.monitoring_report import MonitoringReport
    from refrain.lake.quality_figures import Estimate, EvaluatedQuality

MAX_NAMED_FEATURES = 3


def listed_features(names: Sequence[str]) -> str:
    """Name a few, and count the rest.

    >>> listed_features(["a", "b", "c", "d", "e"]), listed_features(["a"])
    ('a, b, c and 2 others', 'a')
    """
    rest = len(names) - MAX_NAMED_FEATURES
    if rest <= 0:
        return listed(list(names))
    return f"{', '.join(names[:MAX_NAMED_FEATURES])} and {counted(rest, 'other')}"


def row_noun(report: MonitoringReport) -> str:
    """Name the rows that windows are made of."""
    return "prediction" if report.hits is None else "interaction"


def range_of(estimate: Estimate) -> str:
    """Write the interval of a metric.

    >>> from refrain.lake.quality_figures import Estimate
    >>> range_of(Estimate(0.8, 0.75, 0.85, 200))
    '0.7500 to 0.8500'
    """
    return f"{figure(estimate.low)} to {figure(estimate.high)}"


def share_range(estimate: Estimate) -> str:
    """Write the interval of a share of recommendations."""
    return f"{share(estimate.low)} to {share(estimate.high)}, {counted(estimate.rows, 'recommendation')}"


def capitalised(sentence: str) -> str:
    """Begin a sentence with a capital letter."""
    return f"{sentence[:1].upper()}{sentence[1:]}"


def summarise(report: MonitoringReport) -> list[str]:
    """Say in a few sentences how the model does, and why it got worse; what matters most comes first."""
    if report.evaluated is None:
        return ["No version is in service, so there is nothing to monitor."]
    causes = causes_of(report)
    why = cause_sentence(causes) if causes else ""
    lost = coverage_sentence(report) if report.has_lost_coverage else ""
    sentences = (_waiting_sentence(report), quality_sentence(report), why, _windows_sentence(report), lost)
    return [f"{capitalised(sentence)}." for sentence in sentences if sentence]


def _waiting_sentence(report: MonitoringReport) -> str:
    if not report.waiting_files:
        return ""
    return f"there was no time to read {counted(report.waiting_files, 'file')}, so no window is judged until then"


def _windows_sentence(report: MonitoringReport) -> str:
    window, windows, (least, of) = report.window, _recent_windows(report), report.alarm
    if window is None:
        return (
            f"nothing is judged yet: {counted(report.waiting, row_noun(report))} wait for the first window to be full"
        )
    if report.state == "drifted":
        return drift_sentence(report)
    alarmed = [past for past in windows if past.alarmed]
    if not alarmed:
        return f"{_calm_clause(window)}, as far as {counted(window.rows, row_noun(report))} can tell"
    when = "in the latest window" if windows[-1].alarmed else f"in the window until {for_people(alarmed[-1].until)}"
    more = counted(least - len(alarmed), "more such window")
    return f"{when} {_alarms_clause(alarmed, report.evaluated)}; {more} in {of} would be a drift"


def _calm_clause(window: JudgedWindow) -> str:
    """Say that nothing drifted, and name what moved all the same."""
    moved = [distribution.name for distribution in window.distributions if distribution.usual]
    if not moved:
        return f"all {counted(window.distributions_tested, 'distribution')} are as in training"
    alike = counted(window.distributions_tested - len(moved), "distribution")
    clause = f"{alike} {'is' if window.distributions_tested - len(moved) == 1 else 'are'} as in training"
    return f"{clause}; {listed_features(moved)} moved, no more than while the training data was gathered"


def drift_sentence(report: MonitoringReport) -> str:
    """Say what the latest windows showed, given that they amount to a drift."""
    windows = _recent_windows(report)
    alarmed = [past for past in windows if past.alarmed]
    clause = _alarms_clause(alarmed, report.evaluated)
    return f"in {len(alarmed)} of the last {len(windows)} windows (an alarm takes {report.alarm[0]}) {clause}"


def _recent_windows(report: MonitoringReport) -> tuple[PastWindow, ...]:
    """Return the windows of this version that count for an alarm."""
    return report.own_windows[-report.alarm[1] :]


def _alarms_clause(alarmed: Sequence[PastWindow], evaluated: EvaluatedQuality | None) -> str:
    """Say what was wrong in windows that alarmed, the latest first."""
    names = list(dict.fromkeys(name for window in reversed(alarmed) for name in window.drifted))
    clauses = [f"{listed_features(names)} differed from training"] if names else []
    if evaluated:
        estimates = [past.estimated for past in alarmed if past.estimated and past.estimated_breaks_gate]
        clauses += [_worse_than_gate("estimated", estimate, evaluated) for estimate in estimates[-1:]]
    return " and ".join(clauses)


def quality_sentence(report: MonitoringReport) -> str:
    """Say that the measured quality is worse than the gate allows, or than on the holdout; else return ""."""
    quality, evaluated = report.quality, report.evaluated
    if quality is None or quality.measured is None or evaluated is None:
        return ""
    rows = counted(quality.measured.rows, "labelled prediction")
    if quality.breaks_gate:
        return f"{_worse_than_gate('measured', quality.measured, evaluated)} on {rows}"
    if quality.answer != "worse" or evaluated.value is None:
        return ""
    value = _value_clause("measured", quality.measured, evaluated)
    return f"{value} on {rows}, surely worse than the {figure(evaluated.value)} on the holdout"


def coverage_sentence(report: MonitoringReport) -> str:
    """Say how many truths lay within what callers were told, and why nothing is told any more; "" without labels."""
    coverage = report.coverage
    if coverage is None:
        return ""
    asked, held = share(coverage.adapted.coverage), coverage.held
    reason = {
        "coverage_lost": "too many of the latest truths lay outside, until new labels fit again",
        "too_few_rows": "there are too few labels",
    }.get(coverage.adapted.withheld or "", "")
    if held is None:
        return f"intervals and sets would be withheld now: {reason}" if reason else ""
    answered = f"of {counted(held.rows, 'labelled interval')} {share(held.value)} held"
    between = f"{share(held.low)} to {share(held.high)}; {asked} are asked for"
    return f"{answered} ({between})" + (f"; now they are withheld: {reason}" if reason else "")


def holdout_clause(report: MonitoringReport) -> str:
    """Say how the measured quality compares with that on the holdout; "" where they are not compared."""
    quality, evaluated = report.quality, report.evaluated
    if quality is None or quality.answer is None or evaluated is None:
        return ""
    more = "" if quality.rows_needed is None else f"; about {counted(quality.rows_needed)} more labels would decide"
    return {
        "better": "surely better than on the holdout",
        "no_worse": f"surely no worse than on the holdout by more than {figure(evaluated.margin or 0.0)}",
        "worse": "surely worse than on the holdout",
        "undecided": f"it is undecided whether it is worse than on the holdout{more}",
    }[quality.answer]


def estimate_sentence(window: JudgedWindow, metric: str) -> str:
    """Say how the estimate of a window differs from the one on the holdout; "" without an estimate."""
    change = window.estimated_change
    if change is None:
        return ""
    if change.low <= 0 <= change.high:
        return "Without labels, nothing shows that the latest window is answered worse or better than the holdout."
    way = "worse" if change.is_worse(metric) else "better"
    near, far = sorted((abs(change.low), abs(change.high)))
    return (
        f"Without labels, the latest window is surely answered {way} than the holdout: {METRICS[metric].title} differs "
        f"by {figure(abs(change.value))} ({figure(near)} to {figure(far)}), since other rows come than before."
    )


def _worse_than_gate(source: str, estimate: Estimate, evaluated: EvaluatedQuality) -> str:
    clause = _value_clause(source, estimate, evaluated)
    return f"{clause}, surely worse than the {figure(evaluated.bound or 0)} that the gate allows"


def _value_clause(source: str, estimate: Estimate, evaluated: EvaluatedQuality) -> str:
    return f"{source} {METRICS[evaluated.metric].title} is {figure(estimate.value)} ({range_of(estimate)})"


def delay(seconds: float) -> str:
    """Write how long labels take.

    >>> delay(2.4), delay(90.0), delay(5400.0), delay(259200.0)
    ('2 s', '2 min', '1.5 h', '3 days')
    """
    if seconds < 60:
        return f"{max(round(seconds), 1)} s"
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    hours = seconds / 3600
    return f"{hours:.1f} h".replace(".0 h", " h") if hours < 48 else f"{hours / 24:.0f} days"


def unfamiliar_sentence(window: JudgedWindow) -> str:
    """Say how many rows were unlike the training data, alone or together, and in which features."""
    names = list(window.unfamiliar_features)
    often = f" The features are most often {listed_features(names)}." if names else ""
    combinations = window.unfamiliar_combinations
    values = f"{share(window.unfamiliar - combinations)} of the rows had a value unlike any in training"
    together = f", and {share(combinations)} had values that did not go together in training" if combinations else ""
    return f"{values}{together}.{often}"
