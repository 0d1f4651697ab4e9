"""Promote or keep? A pure function of figures, so that a table of tests can hold every case of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.evaluation import CandidateVerdict, DecisionCode, Figures, GateDecision, VerdictCode
from refrain.words import counted, figure, milliseconds, probability

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Gate
    from refrain.lake.parity_figures import AnswerRounding, Parity
    from refrain.lake.stakes import Stakes
    from refrain.statistics.metrics import Metric


def decide(
    gate: Gate,
    metric: Metric,
    champion: Figures | None,
    candidates: Sequence[Figures],
    stakes: Stakes,
    too_large: Mapping[str, str] = {},
) -> GateDecision:
    """Choose the best candidate and decide whether it replaces the champion.

    Candidates that fail a hard gate (memory, error, parity, floor, trivial predictor, latency) are refused, each with
    its reason; `too_large` has the reasons of those that inference cannot hold, by version. Of the others the best
    that is surely better than the champion is promoted. Without a champion to compare with (none yet, or one that
    cannot be loaded), it has to be surely better than the trivial predictor.

    >>> from preprocessing import Gate
    >>> from refrain.lake.parity_figures import Parity
    >>> from refrain.lake.stakes import Stakes
    >>> from refrain.statistics.metrics import METRICS
    >>> exact = Parity(rows=100, max_difference=0.0, differing=0)
    >>> forest = Figures("forest", "1-forest", 0.9, answer="better", parity=exact, golden=exact)
    >>> decision = decide(Gate(None, None, 0.95, None), METRICS["roc_auc"], None, [forest], Stakes(0.5, 0.01, 100))
    >>> decision.code, decision.version
    ('first_model', '1-forest')
    """
    usable = champion if champion and champion.error is None and champion.value is not None else None
    results = {
        candidate.version: refusal
        for candidate in candidates
        if (refusal := _refusal(gate, metric, usable, candidate, stakes.trivial, too_large))
    }
    passed = [candidate for candidate in candidates if candidate.version not in results]
    if not passed:
        code, reason, chosen = *_none_passed(champion, candidates, results), None
    else:
        best = max(passed, key=lambda item: (item.answer == "better", metric.gain(_value(item), 0.0)))  # the first one
        code, reason = _against(gate, metric, champion, best, stakes)
        chosen = None if code == "not_better" else best.version
        results |= {candidate.version: _behind(metric, candidate, best) for candidate in passed}
        results[best.version] = ("promoted" if chosen else "not_better", reason)
    verdicts = tuple(CandidateVerdict(item.name, item.version, *results[item.version]) for item in candidates)
    return GateDecision(chosen is not None, code, chosen, reason, verdicts)


def _refusal(
    gate: Gate,
    metric: Metric,
    champion: Figures | None,
    candidate: Figures,
    trivial: float | None,
    too_large: Mapping[str, str],
) -> tuple[VerdictCode, str] | None:
    """Return the first hard gate that a candidate fails: its code, and a sentence."""
    name, value, latency = candidate.name, candidate.value, candidate.latency_ms
    if candidate.version in too_large:
        return "too_large", too_large[candidate.version]
    if candidate.error is not None or value is None:
        return "failed", f"{name} has no figures: {candidate.error or 'it was not compared'}."
    if candidate.parity is None or not candidate.parity.holds:
        return "parity_broken", _unlike(name, "holdout", candidate.parity)
    if candidate.rounding is not None and not candidate.rounding.holds:
        return "inexact", inexact(name, candidate.rounding)
    if candidate.golden is None or not candidate.golden.holds:
        return "golden_broken", _unlike(name, "golden", candidate.golden)
    floor = gate.min_metric if metric.greater_is_better else gate.max_metric
    if floor is not None and metric.gain(value, floor) < 0:
        side = "below the least" if metric.greater_is_better else "above the greatest"
        return "below_floor", f"{name} has {metric.title} {figure(value)}, {side} that is allowed, {figure(floor)}."
    if trivial is not None and not _beats_trivial(metric, champion, candidate, value, trivial):
        simplest = "the most popular items" if metric.task == "recommendation" else "the same answer"
        figures = f"{metric.title} {figure(value)} against {figure(trivial)}"
        return "below_trivial", f"{name} is not surely better than {simplest} for everybody ({figures})."
    if gate.max_latency_ms is not None and (latency is None or latency > gate.max_latency_ms):
        time = "an unknown time" if latency is None else milliseconds(latency)
        return "too_slow", f"{name} takes {time} for one row; {milliseconds(gate.max_latency_ms)} are allowed."
    return None


def _beats_trivial(metric: Metric, champion: Figures | None, candidate: Figures, value: float, trivial: float) -> bool:
    """Tell whether a model is better than the trivial predictor; surely better where nothing else is compared.

    Where the rows are too few independent units for any interval, its figure has to do.
    """
    is_sure = champion is not None or candidate.answer == "better" or candidate.gain_interval is None
    return metric.gain(value, trivial) > 0 and is_sure


def inexact(name: str, rounding: AnswerRounding) -> str:
    """Say that answers are too rough, and what to do."""
    return (
        f"{name} answers in float32, which puts it {rounding.largest:.1g} of the target's spread from scikit-learn; "
        f"{rounding.bound:.0g} is allowed. Large terms cancel out in it: take a smaller C or alpha, or trees."
    )


def _unlike(name: str, rows: str, parity: Parity | None) -> str:
    if parity is None or not parity.rows:
        return f"The exported {name} was not proved to answer as the trained one does on the {rows} rows."
    return (
        f"The exported {name} does not answer as the trained one does: {counted(parity.differing)} of "
        f"{counted(parity.rows, f'{rows} row')} differ, by up to {figure(parity.max_difference)}."
    )


def _none_passed(
    champion: Figures | None, candidates: Sequence[Figures], refusals: Mapping[str, tuple[VerdictCode, str]]
) -> tuple[DecisionCode, str]:
    """Say why no candidate passed the hard gates: the code, and the sentence."""
    all_failed = all(code == "failed" for code, _ in refusals.values())
    passed = "could be trained and compared" if all_failed else "passed the gate"
    result = f"None of {counted(len(candidates), 'candidate')} {passed}" if candidates else "No candidate was trained"
    if len(candidates) == 1:
        end = "failed" if all_failed else "did not pass the gate"
        reason = refusals[candidates[0].version][1].removesuffix(".")
        result = f"The only candidate, {candidates[0].name}, {end} ({reason})"
    kept = "there is still no model in service" if champion is None else f"{champion.version} stays in service"
    return "all_failed" if all_failed else "all_refused", f"{result}: {kept}."


def _against(
    gate: Gate, metric: Metric, champion: Figures | None, best: Figures, stakes: Stakes
) -> tuple[DecisionCode, str]:
    """Compare the best candidate with the champion: the code, and the sentence with the figures."""
    value = _value(best)
    if champion is None:
        return "first_model", f"{best.name} is the first model in service, with {metric.title} {figure(value)}."
    if champion.error is not None or champion.value is None:
        start = f"{best.name} goes into service with {metric.title} {figure(value)}"
        return "champion_failed", f"{start}: the champion cannot be asked ({champion.error or 'it was not compared'})."
    figures = f"{metric.title} {figure(value)} against {figure(champion.value)} on the same rows"
    if best.answer == "better":
        by = f" by more than {figure(gate.least_gain)}" if gate.least_gain else ""
        chance = f"the chance that equal models show such a gain is {probability(best.chance or 0.0)}"
        return "better", f"{best.name} is surely better than the champion{by}: {figures}; {chance}."
    return "not_better", f"The champion stays: the best candidate, {best.name}, {_in_words(best, stakes)} ({figures})."


def _in_words(best: Figures, stakes: Stakes) -> str:
    """Say what is sure of a candidate that is not surely better than the champion."""
    if best.answer == "no_worse":
        return f"is surely no worse by more than {figure(stakes.margin or 0.0)}, but not surely better"
    if best.answer == "worse":
        return "is surely worse"
    rows = f"; about {counted(best.rows_needed, 'more row')} would tell" if best.rows_needed else ""
    return f"is neither surely better nor surely worse{rows}"


def _behind(metric: Metric, candidate: Figures, best: Figures) -> tuple[VerdictCode, str]:
    values = f"{metric.title} {figure(_value(candidate))} against {figure(_value(best))}"
    if candidate.value == best.value:
        return "not_best", f"{candidate.name} is as good as {best.name}, which comes first ({values})."
    if metric.gain(_value(candidate), _value(best)) > 0:
        return "not_best", f"{candidate.name} looks better than {best.name}, but less surely ({values})."
    return "not_best", f"{candidate.name} passed the gate, but {best.name} is better ({values})."


def _value(figures: Figures) -> float:
    assert figures.value is not None, "only models with a figure are compared"
    return figures.value
