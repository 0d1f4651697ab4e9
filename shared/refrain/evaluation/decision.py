"""Promote or keep? A pure function of figures, so that a table of tests can hold every case of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.lake.evaluation import CandidateVerdict, DecisionCode, Figures, GateDecision, VerdictCode
from refrain.statistics.intervals import adjust_confidence
from refrain.words import counted, figure, milliseconds, probability, share

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Gate
    from refrain.lake.parity_figures import Parity
    from refrain.statistics.metrics import Metric


def decide(
    gate: Gate,
    metric: Metric,
    champion: Figures | None,
    candidates: Sequence[Figures],
    popularity: float | None = None,
    too_large: Mapping[str, str] = {},
) -> GateDecision:
    """Choose the best candidate and decide whether it replaces the champion.

    Candidates that fail a hard gate (memory, error, parity, floor, latency; for a recommender also the metric of the
    most popular items, `popularity`) are refused, each with its reason; `too_large` has the reasons of those that
    inference cannot hold, by version. The best of the others is promoted when there is no
    champion to compare with (none yet, or one that cannot be loaded), or when it is better and the probability that it
    is no worse reaches the gate's confidence, adjusted for the number of candidates.

    >>> from preprocessing import Gate
    >>> from refrain.lake.parity_figures import Parity
    >>> from refrain.statistics.metrics import METRICS
    >>> exact = Parity(rows=100, max_difference=0.0, differing=0)
    >>> forest = Figures("forest", "1-forest", 0.9, parity=exact, golden=exact)
    >>> decision = decide(Gate(None, None, 0.95, None), METRICS["roc_auc"], None, [forest])
    >>> decision.code, decision.version
    ('first_model', '1-forest')
    """
    compared = sum(candidate.value is not None and candidate.error is None for candidate in candidates)
    needed = adjust_confidence(gate.confidence, compared)
    results = {
        candidate.version: refusal
        for candidate in candidates
        if (refusal := _refusal(gate, metric, candidate, popularity, too_large))
    }
    passed = [candidate for candidate in candidates if candidate.version not in results]
    if not passed:
        code, reason, chosen = *_none_passed(champion, candidates, results), None
    else:
        best = max(passed, key=lambda candidate: metric.gain(_value(candidate), 0.0))  # the first among equals
        code, reason = _against(metric, champion, best, needed)
        chosen = None if code == "not_better" else best.version
        results |= {candidate.version: _behind(metric, candidate, best) for candidate in passed}
        results[best.version] = ("promoted" if chosen else "not_better", reason)
    verdicts = tuple(CandidateVerdict(item.name, item.version, *results[item.version]) for item in candidates)
    return GateDecision(chosen is not None, code, chosen, reason, verdicts, needed)


def _refusal(
    gate: Gate, metric: Metric, candidate: Figures, popularity: float | None, too_large: Mapping[str, str]
) -> tuple[VerdictCode, str] | None:
    """Return the first hard gate that a candidate fails, whatever the champion is: its code, and a sentence."""
    name, value, latency = candidate.name, candidate.value, candidate.latency_ms
    if candidate.version in too_large:
        return "too_large", too_large[candidate.version]
    if candidate.error is not None or value is None:
        return "failed", f"{name} has no figures: {candidate.error or 'it was not compared'}."
    if candidate.parity is None or not candidate.parity.holds:
        return "parity_broken", _unlike(name, "holdout", candidate.parity)
    if candidate.golden is None or not candidate.golden.holds:
        return "golden_broken", _unlike(name, "golden", candidate.golden)
    floor = gate.min_metric if metric.greater_is_better else gate.max_metric
    if floor is not None and metric.gain(value, floor) < 0:
        side = "below the least" if metric.greater_is_better else "above the greatest"
        return "below_floor", f"{name} has {metric.title} {figure(value)}, {side} that is allowed, {figure(floor)}."
    if popularity is not None and metric.gain(value, popularity) < 0:
        figures = f"{metric.title} {figure(value)} against {figure(popularity)}"
        return "below_popularity", f"{name} is worse than recommending the most popular items to everybody ({figures})."
    if gate.max_latency_ms is not None and (latency is None or latency > gate.max_latency_ms):
        time = "an unknown time" if latency is None else milliseconds(latency)
        return "too_slow", f"{name} takes {time} for one row; {milliseconds(gate.max_latency_ms)} are allowed."
    return None


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


def _against(metric: Metric, champion: Figures | None, best: Figures, needed: float) -> tuple[DecisionCode, str]:
    """Compare the best candidate with the champion: the code, and the sentence with the figures."""
    value = _value(best)
    if champion is None:
        return "first_model", f"{best.name} is the first model in service, with {metric.title} {figure(value)}."
    if champion.error is not None or champion.value is None:
        start = f"{best.name} goes into service with {metric.title} {figure(value)}"
        return "champion_failed", f"{start}: the champion cannot be asked ({champion.error or 'it was not compared'})."
    figures = f"{metric.title} {figure(value)} against {figure(champion.value)} on the same rows"
    if metric.gain(value, champion.value) <= 0:
        relation = "as good as" if value == champion.value else "worse than"
        return "not_better", f"The champion stays: the best candidate, {best.name}, is {relation} it ({figures})."
    certainty = f"no worse with probability {probability(best.no_worse or 0.0)}, where {share(needed)}"
    if (best.no_worse or 0.0) < needed:
        reason = f"{best.name} looks better, but not surely enough"
        return "not_better", f"The champion stays: {reason} ({figures}; {certainty} is needed)."
    return "better", f"{best.name} is better than the champion: {figures}; {certainty} was needed."


def _behind(metric: Metric, candidate: Figures, best: Figures) -> tuple[VerdictCode, str]:
    values = f"{metric.title} {figure(_value(candidate))} against {figure(_value(best))}"
    if candidate.value == best.value:
        return "not_best", f"{candidate.name} is as good as {best.name}, which comes first ({values})."
    return "not_best", f"{candidate.name} passed the gate, but {best.name} is better ({values})."


def _value(figures: Figures) -> float:
    assert figures.value is not None, "only models with a figure are compared"
    return figures.value
