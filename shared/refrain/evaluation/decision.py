"""Promote or keep? A pure function of figures, so that every case of it can be read in a table of tests."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

from preprocessing import Gate
from refrain.model.parity import Parity
from refrain.statistics.bootstrap import Interval, adjust_confidence
from refrain.statistics.metrics import Metric
from refrain.words import counted, figure, milliseconds, probability, share

DecisionCode = Literal["first_model", "champion_failed", "better", "not_better", "all_refused", "all_failed"]
VerdictCode = Literal[
    "failed",
    "parity_broken",
    "golden_broken",
    "below_floor",
    "below_popularity",
    "too_slow",
    "promoted",
    "not_better",
    "not_best",
]
REFUSALS: tuple[VerdictCode, ...] = (
    "failed",
    "parity_broken",
    "golden_broken",
    "below_floor",
    "below_popularity",
    "too_slow",
)


@dataclass(frozen=True)
class Figures:
    """What is known of one model. A model that could not be trained or asked has only its names and the `error`.

    `gain`, `gain_interval` and `no_worse` are against the champion (see `comparison.Compared`), `latency_ms` is of one
    row.
    """

    name: str
    version: str
    value: float | None = None
    interval: Interval | None = None
    gain: float | None = None
    gain_interval: Interval | None = None
    no_worse: float | None = None
    latency_ms: float | None = None
    bytes: int | None = None
    parity: Parity | None = None
    golden: Parity | None = None
    error: str | None = None


@dataclass(frozen=True)
class CandidateVerdict:
    """What became of one candidate, and one sentence why."""

    name: str
    version: str
    code: VerdictCode
    reason: str


@dataclass(frozen=True)
class Decision:
    """What to do: `version` is the one to promote, None to keep what is there. `reason` is one sentence for people."""

    promote: bool
    code: DecisionCode
    version: str | None
    reason: str
    verdicts: tuple[CandidateVerdict, ...]
    confidence: float


def decide(
    gate: Gate,
    metric: Metric,
    champion: Figures | None,
    candidates: Sequence[Figures],
    floor: float | None = None,
) -> Decision:
    """Choose the challenger and say whether it replaces the champion.

    Candidates that fail a hard gate (error, parity, floor, latency; a recommender also if it is worse than popularity,
    the `floor`) are refused, each with its reason, and the others
    go on. The best of those by the metric is the challenger. It is promoted when there is no champion to compare with
    (none yet, or one that can no longer be asked), or when it is better and the probability that it is no worse reaches
    the gate's confidence, adjusted for the number of candidates (see `bootstrap.adjusted_confidence`).
    """
    compared = sum(each.value is not None and each.error is None for each in candidates)
    needed = adjust_confidence(gate.confidence, compared)
    verdicts = {each.version: _refused(gate, metric, each, floor) for each in candidates}
    fit = [each for each in candidates if verdicts[each.version] is None]
    if not fit:
        return _nothing_fit(champion, candidates, verdicts, needed)

    best = fit[0]
    for each in fit[1:]:
        if metric.gain(_value(each), _value(best)) > 0:
            best = each
    code, reason = _against(metric, champion, best, needed)
    promote = code != "not_better"
    chosen: VerdictCode = "promoted" if promote else "not_better"
    for each in fit:
        verdicts[each.version] = _behind(metric, each, best)
    verdicts[best.version] = CandidateVerdict(best.name, best.version, chosen, reason)
    return Decision(promote, code, best.version if promote else None, reason, _known(verdicts), needed)


def _refused(gate: Gate, metric: Metric, each: Figures, popularity: float | None) -> CandidateVerdict | None:
    """Say why a candidate cannot be promoted whatever the champion is, or None."""
    refused = CandidateVerdict(each.name, each.version, "failed", "")
    if each.error is not None or each.value is None:
        return replace(refused, reason=f"{each.name} has no figures: {each.error or 'it was not compared'}.")
    if each.parity is None or not each.parity.holds:
        return replace(refused, code="parity_broken", reason=_unlike(each.name, "holdout", each.parity))
    if each.golden is None or not each.golden.holds:
        return replace(refused, code="golden_broken", reason=_unlike(each.name, "golden", each.golden))
    floor = gate.min_metric if metric.greater_is_better else gate.max_metric
    if floor is not None and metric.gain(each.value, floor) < 0:
        side = "below the least" if metric.greater_is_better else "above the greatest"
        reason = f"{each.name} has {metric.title} {figure(each.value)}, {side} that is allowed, {figure(floor)}."
        return replace(refused, code="below_floor", reason=reason)
    if popularity is not None and metric.gain(each.value, popularity) < 0:
        figures = f"{metric.title} {figure(each.value)} against {figure(popularity)}"
        reason = f"{each.name} is worse than recommending the most popular items to everybody ({figures})."
        return replace(refused, code="below_popularity", reason=reason)
    if gate.max_latency_ms is not None and (each.latency_ms is None or each.latency_ms > gate.max_latency_ms):
        took = "an unknown time" if each.latency_ms is None else milliseconds(each.latency_ms)
        allowed = milliseconds(gate.max_latency_ms)
        return replace(refused, code="too_slow", reason=f"{each.name} takes {took} for one row; {allowed} are allowed.")
    return None


def _unlike(name: str, rows: str, found: Parity | None) -> str:
    if found is None or not found.rows:
        return f"The exported {name} was not proved to answer as the trained one does on the {rows} rows."
    return (
        f"The exported {name} does not answer as the trained one does: {counted(found.differing)} of "
        f"{counted(found.rows, f'{rows} row')} differ, by up to {figure(found.max_difference)}."
    )


def _nothing_fit(
    champion: Figures | None,
    candidates: Sequence[Figures],
    verdicts: dict[str, CandidateVerdict | None],
    needed: float,
) -> Decision:
    known = _known(verdicts)
    all_failed = all(each.code == "failed" for each in known)
    what = "could be trained and compared" if all_failed else "passed the gate"
    who = "No candidate was trained" if not candidates else f"None of {counted(len(candidates), 'candidate')} {what}"
    if len(candidates) == 1:
        who = f"The only candidate, {candidates[0].name}, {'failed' if all_failed else 'did not pass the gate'}"
    kept = "there is still no model in service" if champion is None else f"{champion.version} stays in service"
    why = f" ({known[0].reason.removesuffix('.')})" if len(known) == 1 else ""
    return Decision(False, "all_failed" if all_failed else "all_refused", None, f"{who}{why}: {kept}.", known, needed)


def _against(metric: Metric, champion: Figures | None, best: Figures, needed: float) -> tuple[DecisionCode, str]:
    """Compare the challenger with the champion: the code, and the sentence with the figures."""
    value = _value(best)
    if champion is None:
        return "first_model", f"{best.name} is the first model in service, with {metric.title} {figure(value)}."
    if champion.error is not None or champion.value is None:
        why = champion.error or "it was not compared"
        has = f"{best.name} goes into service with {metric.title} {figure(value)}"
        return "champion_failed", f"{has}: the champion cannot be asked ({why})."
    figures = f"{metric.title} {figure(value)} against {figure(champion.value)} on the same rows"
    if metric.gain(value, champion.value) <= 0:
        same = "as good as" if value == champion.value else "worse than"
        return "not_better", f"The champion stays: the best candidate, {best.name}, is {same} it ({figures})."
    sure = best.no_worse or 0.0
    certainty = f"no worse with probability {probability(sure)}, where {share(needed)}"
    if sure < needed:
        why = f"{best.name} looks better, but not surely enough"
        return "not_better", f"The champion stays: {why} ({figures}; {certainty} is needed)."
    return "better", f"{best.name} is better than the champion: {figures}; {certainty} was needed."


def _behind(metric: Metric, each: Figures, best: Figures) -> CandidateVerdict:
    values = f"{metric.title} {figure(_value(each))} against {figure(_value(best))}"
    if each.value == best.value:
        reason = f"{each.name} is as good as {best.name}, which comes first ({values})."
    else:
        reason = f"{each.name} passed the gate, but {best.name} is better ({values})."
    return CandidateVerdict(each.name, each.version, "not_best", reason)


def _value(each: Figures) -> float:
    assert each.value is not None, "only models with a figure are compared"
    return each.value


def _known(verdicts: dict[str, CandidateVerdict | None]) -> tuple[CandidateVerdict, ...]:
    return tuple(verdict for verdict in verdicts.values() if verdict is not None)
