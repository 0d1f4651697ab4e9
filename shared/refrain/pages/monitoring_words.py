"""What a look found, in sentences: for the page, for people who are told, and for the reason of a run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.statistics.metrics import METRICS
from refrain.times import for_people
from refrain.words import counted, figure, listed, share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Definition
    from refrain.lake.monitoring_report import (
        DriftState,
        EvaluatedDocument,
        FigureDocument,
        MonitoringReport,
        PastWindow,
        QualityDocument,
        WindowDocument,
    )

MOST_NAMED = 3


def listed_features(names: Sequence[str]) -> str:
    """Name a few, and count the rest.

    >>> listed_features(["a", "b", "c", "d", "e"]), listed_features(["a"])
    ('a, b, c and 2 others', 'a')
    """
    rest = len(names) - MOST_NAMED
    if rest <= 0:
        return listed(list(names))
    return f"{', '.join(names[:MOST_NAMED])} and {counted(rest, 'other')}"


def noun_of(definition: Definition) -> str:
    """Name what the windows of a model are made of."""
    return "interaction" if definition.roles else "prediction"


def noun_in(look: MonitoringReport) -> str:
    """Name what the windows of a look are made of."""
    return "prediction" if look["hits"] is None else "interaction"


def shares(found: FigureDocument) -> str:
    """Write the interval of a share of the recommendations."""
    return f"{share(found['low'])} to {share(found['high'])}, {counted(found['rows'], 'recommendation')}"


def drifted(windows: Sequence[PastWindow], least: int, evaluated: EvaluatedDocument) -> str:
    """Say what the latest windows found, given that they come to a drift."""
    alarmed = [window for window in windows if window["alarmed"]]
    found = _found(alarmed, evaluated)
    return f"in {len(alarmed)} of the last {len(windows)} windows (an alarm takes {least}) {found}"


def _found(alarmed: Sequence[PastWindow], evaluated: EvaluatedDocument) -> str:
    """Say what was found in windows that alarmed, the latest first."""
    names = list(dict.fromkeys(name for window in reversed(alarmed) for name in window["drifted"]))
    estimates = [each["estimated"] for each in alarmed if each["estimated"] and _breaks(each["estimated"], evaluated)]
    said = [f"{listed_features(names)} differed from training"] if names else []
    said += [_below(estimates[-1], evaluated, "estimated")] if estimates else []
    return " and ".join(said)


def below_gate_sentence(found: QualityDocument, evaluated: EvaluatedDocument) -> str:
    """Say that the measured quality is below the gate."""
    measured = found["measured"]
    if measured is None:
        return ""
    return f"{_below(measured, evaluated, 'measured')} on {counted(measured['rows'], 'labelled prediction')}"


def _below(found: FigureDocument, evaluated: EvaluatedDocument, how: str) -> str:
    metric = METRICS[evaluated["metric"]]
    side = "below" if metric.greater_is_better else "above"
    return (
        f"{how} {metric.title} is {figure(found['value'])} ({figure(found['low'])} to {figure(found['high'])}), "
        f"{side} the {figure(evaluated['bound'] or 0)} of the gate"
    )


def _breaks(found: FigureDocument, evaluated: EvaluatedDocument) -> bool:
    bound = evaluated["bound"]
    if bound is None:
        return False
    return found["high"] < bound if METRICS[evaluated["metric"]].greater_is_better else found["low"] > bound


def summary(
    state: DriftState,
    window: WindowDocument | None,
    windows: Sequence[PastWindow],
    alarm: tuple[int, int],
    evaluated: EvaluatedDocument | None,
    waiting: int,
    found: QualityDocument | None,
    noun: str = "prediction",
) -> str:
    """Say in a sentence or two how the model stands; `noun` is what windows are made of."""
    if evaluated is None:
        return "No version is in service, so there is nothing to look at."
    said = [_of_windows(state, window, windows, alarm, evaluated, waiting, noun)]
    if found and found["breaks_gate"]:
        said.append(f"{_capital(below_gate_sentence(found, evaluated))}.")
    elif found and found["worse"]:
        said.append(f"{_capital(_worse(found, evaluated))}.")
    return " ".join(said)


def _of_windows(
    state: DriftState,
    window: WindowDocument | None,
    windows: Sequence[PastWindow],
    alarm: tuple[int, int],
    evaluated: EvaluatedDocument,
    waiting: int,
    noun: str,
) -> str:
    if window is None:
        return f"Nothing is judged yet: {counted(waiting, noun)} wait for the first window to be full."
    found = [each for each in windows if each["alarmed"]]
    if state == "drifted":
        return f"{_capital(drifted(windows, alarm[0], evaluated))}."
    if not found:
        tested = counted(window["features_tested"], "distribution")
        return f"All {tested} are as in training, as far as {counted(window['rows'], noun)} can tell."
    when = "in the latest window" if windows[-1]["alarmed"] else f"in the window until {for_people(found[-1]['until'])}"
    more = counted(alarm[0] - len(found), "more such window")
    return f"{_capital(when)} {_found(found, evaluated)}; {more} in {alarm[1]} would be a drift."


def _worse(found: QualityDocument, evaluated: EvaluatedDocument) -> str:
    measured, before = found["measured"], evaluated["value"]
    if measured is None or before is None:
        return ""
    return (
        f"measured {METRICS[evaluated['metric']].title} is {figure(measured['value'])} ({figure(measured['low'])} to "
        f"{figure(measured['high'])}) on {counted(measured['rows'], 'labelled prediction')}, surely worse than the "
        f"{figure(before)} on the holdout"
    )


def _capital(sentence: str) -> str:
    return f"{sentence[0].upper()}{sentence[1:]}"


def delay(seconds: float) -> str:
    """Write how long labels take.

    >>> delay(90.0), delay(5400.0), delay(259200.0)
    ('2 min', '1.5 h', '3 days')
    """
    if seconds < 3600:
        return f"{round(seconds / 60)} min"
    hours = seconds / 3600
    return f"{hours:.1f} h".replace(".0 h", " h") if hours < 48 else f"{hours / 24:.0f} days"


def unfamiliar_sentence(window: WindowDocument) -> str:
    """Say how much was unlike the training data."""
    names = list(window["unfamiliar_features"])
    return f"{share(window['unfamiliar'])} of rows" + (f", most often in {listed_features(names)}" if names else "")
