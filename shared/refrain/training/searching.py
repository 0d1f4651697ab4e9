"""Search the parameters of a candidate, part by part: a function of its own tries a few of them, beside the others.

Every part draws the same trials and takes its share, so parts need not know of each other and a retry repeats them.
"""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import qmc

from preprocessing import encode, learn_vocabularies
from preprocessing.model_rules import ParameterRange
from refrain.classes import class_labels, class_numbers
from refrain.errors import CandidateRefused, MetricUndefined
from refrain.events import COUNT, MODEL, RUN, read_fields
from refrain.lake.search import SearchPart, SearchTrial, count_parts, read_search_result
from refrain.lake.snapshot import Snapshot, read_snapshot_rows
from refrain.statistics.metrics import METRICS, choose_metric
from refrain.training.fitting import fit
from refrain.training.folds import make_folds
from refrain.training.row_weights import row_weights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from typing import Any

    from preprocessing import Candidate, Columns, Definition
    from preprocessing.model_rules import Option, Search
    from refrain.aws.storage import Store

    type Parameters = dict[str, Option]
    type Clock = Callable[[], float]

MAX_SEARCH_SECONDS = 600.0
"""Of the function's 900 s: a trial begins only where one more as long as the longest so far would end in time."""

logger = logging.getLogger("refrain")


def draw_trials(search: Search) -> list[Parameters]:
    """Spread the trials evenly over all options and bounds (Halton, 1960); none is drawn twice.

    >>> from preprocessing.model_rules import ParameterRange, Search
    >>> draw_trials(Search({"max_depth": ParameterRange(1, 8, whole=True)}, 3))
    [{'max_depth': 6}, {'max_depth': 2}, {'max_depth': 8}]
    """
    names, bounds = search.parameters.keys(), search.parameters.values()
    points = qmc.Halton(len(names), rng=0).random(search.trials).tolist()
    drawn = [dict(zip(names, map(_at, bounds, point), strict=True)) for point in points]
    return list({tuple(trial.values()): trial for trial in reversed(drawn)}.values())[::-1]


def _at(options: tuple[Option, ...] | ParameterRange, share: float) -> Option:
    """Return what lies at a share (0 to 1) of the way from the first to the last."""
    if not isinstance(options, ParameterRange):
        return options[int(share * len(options))]
    if options.whole:
        low, high = options.low, options.high + 1
        value = low * (high / low) ** share if options.by_ratio else low + (high - low) * share
        return int(min(value, options.high))
    if options.by_ratio:
        return float(options.low * (options.high / options.low) ** share)
    return float(options.low + (options.high - options.low) * share)


@dataclass(frozen=True)
class SearchRequest:
    """One part of the search of one candidate of a run."""

    model: str
    run: str
    candidate: str
    part: int

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> SearchRequest:
        """Check the input. Raises `InvalidRequest` naming the field and what was expected."""
        return cls(**read_fields(event, {"model": MODEL, "run": RUN, "candidate": MODEL, "part": COUNT}, closed=True))


def search_part(store: Store, request: SearchRequest) -> dict[str, object]:
    """Try the share of one part, and write its figures. Raises `CandidateRefused` for a candidate without a search."""
    name, run, part = request.candidate, request.run, request.part
    definition, candidate = Snapshot.read(store, request.model, run).find_candidate(name)
    if candidate is None or candidate.search is None:
        raise CandidateRefused(f"{name}: the definition of this snapshot has no such candidate with a search")
    drawn = list(enumerate(draw_trials(candidate.search)))[part :: count_parts(candidate.search.trials)]
    trials = list(try_parameters(definition, candidate, read_snapshot_rows(store, request.model, run, "train"), drawn))
    SearchPart(trials).write(store, request.model, run, name, str(part))
    logger.info("parameters tried", extra={"candidate": name, "part": part, "trials": len(trials)})
    return {"candidate": name, "part": part, "trials": len(trials), "left": len(drawn) - len(trials)}


def try_parameters(
    definition: Definition,
    candidate: Candidate,
    columns: Columns,
    drawn: list[tuple[int, Parameters]],
    clock: Clock = time.monotonic,
) -> Iterator[SearchTrial]:
    """Cross-validate each trial by the rules of the run's split, as long as there is time."""
    vocabularies = learn_vocabularies(definition, columns)
    matrix = encode(definition, vocabularies, columns)
    target, weights = columns[definition.target], row_weights(definition, columns)
    folds = make_folds(definition, columns)
    started, longest = clock(), 0.0

    def measure(parameters: Parameters) -> Iterator[float]:
        tried = replace(candidate, parameters={**candidate.parameters, **parameters})
        for train, test in folds:
            counted = None if weights is None else weights[train]
            fitted = fit(definition, tried, vocabularies, matrix[train], target[train], counted)
            rules, truth = definition.training, target[test]
            if fitted.classes is not None:
                truth = class_numbers(class_labels(definition.columns[definition.target], truth), fitted.classes)
            metric = choose_metric(rules.metric, fitted.classes or (), fitted.positive, definition.decision.cost)
            try:
                yield metric.value(np.asarray(truth, float), fitted.answers(matrix[test]))
            except MetricUndefined:
                continue  # the same for all trials

    for number, parameters in drawn:
        before = clock()
        if before + longest - started > MAX_SEARCH_SECONDS:
            return
        try:
            yield SearchTrial(number, parameters, list(measure(parameters)))
        except CandidateRefused as refusal:
            yield SearchTrial(number, parameters, error=str(refusal))
        longest = max(longest, clock() - before)


def take_best(store: Store, definition: Definition, run: str, candidate: Candidate) -> tuple[Candidate, Parameters]:
    """Give a candidate the parameters that its search found best. Raises `CandidateRefused` where there are none."""
    if candidate.search is None:
        return candidate, {}
    greater = METRICS[definition.training.metric].greater_is_better
    asked = candidate.search.trials
    result = read_search_result(store, definition.model, run, candidate.name, asked, greater_is_better=greater)
    if (best := result.best_trial) is None:
        error = next((trial.error for trial in result.trials if trial.error), "no fold has rows to learn and to answer")
        raise CandidateRefused(f"{candidate.name}: no trial of the search has a figure: {error}")
    return replace(candidate, parameters={**candidate.parameters, **best.parameters}), best.parameters
