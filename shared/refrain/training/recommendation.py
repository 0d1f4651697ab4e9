"""The recommenders' half of training: from the interactions of a snapshot to a trained candidate with a catalogue."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from refrain import recommenders
from refrain.errors import CandidateRefused
from refrain.lake.feature_profile import AnswerProfile, Turnover
from refrain.lake.packed_columns import join_rows, select_rows
from refrain.lake.snapshot import read_candidate_answers
from refrain.lake.version import Baseline, Golden, Manifest, version_name
from refrain.recommendation.catalogue import Catalogue, mark_known_items
from refrain.recommendation.histories import MAX_HISTORY_ITEMS, known_codes, recent_items
from refrain.recommendation.holdout_questions import make_questions
from refrain.recommendation.newest_of_users import mark_newest
from refrain.recommendation.recommendation_request import MAX_RECOMMENDED_ITEMS, read_recommendation_requests
from refrain.recommendation.user_item_pairs import gather_pairs, interaction_times
from refrain.recommenders import Interactions, Recommender
from refrain.training.baseline import profile_category, profile_number
from refrain.training.fitted_candidate import FittedCandidate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.recommendation.holdout_questions import Questions

GOLDEN_USERS = 12
NEVER_SEEN = "never seen in training"

FIT_ERRORS = (ValueError, TypeError, ArithmeticError, IndexError, RuntimeError, MemoryError)


@dataclass(frozen=True)
class RecommenderFit:
    """A fitted estimator, its graph, and the catalogue of the rows that it learned from."""

    definition: RecommenderDefinition
    estimator: Recommender
    graph: bytes
    catalogue: Catalogue
    users: int
    seconds: float
    chosen: dict[str, float | int | str]

    def rank(self, asked: Questions) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Answer questions: `MAX_RECOMMENDED_ITEMS` codes of the catalogue for each user, and their scores."""
        return self.estimator.recommend(self._histories(asked), min(MAX_RECOMMENDED_ITEMS, len(self.catalogue)))

    def describe(self, asked: Questions, baseline: Baseline, answers: dict[str, Array]) -> FittedCandidate:
        """Add proofs, with the histories of the questions."""
        histories = [history for history in self._histories(asked) if len(history)]
        return FittedCandidate(
            graph=self.graph,
            baseline=baseline,
            golden=golden(self.definition, self.estimator, self.catalogue, histories),
            answers=answers,
            fit_seconds=self.seconds,
            catalogue=self.catalogue,
            users=self.users,
            chosen=self.chosen,
        )

    def _histories(self, asked: Questions) -> list[NDArray[np.int64]]:
        codes = self.catalogue.coded(asked.items)
        return [known_codes(codes[history]) for history in asked.seen]


def fit_recommender(
    definition: RecommenderDefinition, candidate: Candidate, rows: Columns, items: Columns
) -> RecommenderFit:
    """Fit and export. `items` has each item once, with its descriptions. Raises `CandidateRefused`."""
    roles = definition.roles
    texts = {name: dict(zip(items[roles.item], items[name], strict=True)) for name in roles.describe}
    catalogue = Catalogue.of(rows[roles.item], texts)
    estimator = make_recommender(candidate)
    started = time.monotonic()
    try:
        estimator.fit(sum_interactions(definition, rows, catalogue))
        seconds = time.monotonic() - started
        graph = estimator.export()
    except FIT_ERRORS as error:
        raise CandidateRefused(f"{candidate.name}: {candidate.estimator} cannot be fitted: {error}") from error
    users = len(set(rows[roles.user].tolist()))
    return RecommenderFit(definition, estimator, graph, catalogue, users, seconds, dict(estimator.chosen_))


def train_recommender(
    definition: RecommenderDefinition, candidate: Candidate, training: Columns, holdout: Columns, items: Columns
) -> FittedCandidate:
    """Fit a recommender on training rows, export and profile it; nothing is written.

    The answers are the estimator's own lists for every question of the holdout: `items` (codes of the catalogue) and
    `scores`, [users, `MAX_RECOMMENDED_ITEMS`].
    """
    fitted = fit_recommender(definition, candidate, training, items)
    asked = make_questions(definition, training, holdout)
    ranked, scores = fitted.rank(asked)
    baseline = describe_interactions(definition, training, training, holdout, scores)
    return fitted.describe(asked, baseline, {"items": ranked.astype(np.int32), "scores": scores})


def refit_recommender(
    store: Store,
    definition: RecommenderDefinition,
    candidate: Candidate,
    run: str,
    training: Columns,
    holdout: Columns,
    items: Columns,
) -> FittedCandidate:
    """Fit a recommender on all rows, with the parameters that its twin chose, and export it (see `all_rows`).

    The answers are its lists for the questions of the holdout, and one step back: which rows were `newer`, and the
    lists `back` to the questions that they ask, as codes of those questions.
    """
    chosen = Manifest.read(store, definition.model, version_name(run, candidate.name)).chosen
    candidate = replace(candidate, parameters={**candidate.parameters, **chosen})
    newer = mark_newest(definition, training)
    older, later = (select_rows(training, side) for side in (~newer, newer))
    back = make_questions(definition, older, later)
    before = fit_recommender(definition, candidate, older, items)
    lists = back.coded_lists(before.catalogue.items, *before.rank(back))
    fitted = fit_recommender(definition, candidate, join_rows(training, holdout), items)
    asked = make_questions(definition, training, holdout)
    ranked, scores = fitted.rank(asked)
    judged = read_candidate_answers(store, definition.model, run, candidate.name)["scores"]
    baseline = describe_interactions(definition, join_rows(training, holdout), training, holdout, judged)
    answers = {"items": ranked.astype(np.int32), "scores": scores, "newer": newer, "back": lists.astype(np.int32)}
    described = fitted.describe(asked, baseline, answers)
    return replace(described, fit_seconds=before.seconds + fitted.seconds, chosen=chosen)


def make_recommender(candidate: Candidate) -> Recommender:
    """Make the estimator, not yet fitted. Raises `CandidateRefused`, saying what it cannot be made from."""
    name = candidate.estimator.rpartition(".")[2]
    exported: list[type[Any]] = [getattr(recommenders, export) for export in recommenders.__all__]
    kinds = {kind.__name__: kind for kind in exported if issubclass(kind, Recommender) and kind is not Recommender}
    if name not in kinds:
        raise CandidateRefused(f"{candidate.name}: there is no recommender {name}; there are {', '.join(kinds)}")
    parameters = kinds[name]._get_param_names()
    if unknown := sorted(set(candidate.parameters) - set(parameters)):
        sentence = f"{name} has no parameter {', '.join(unknown)}; it has {', '.join(parameters)}"
        raise CandidateRefused(f"{candidate.name}: {sentence}")
    return kinds[name](**candidate.parameters)


def sum_interactions(definition: RecommenderDefinition, rows: Columns, catalogue: Catalogue) -> Interactions:
    """Gather rows to the matrix of users and items."""
    pairs = gather_pairs(definition, rows, catalogue.coded(rows[definition.roles.item].tolist()))
    shape = (int(pairs.users.max(initial=-1)) + 1, len(catalogue))
    weights = csr_array((pairs.weights.astype(np.float32), (pairs.users, pairs.items)), shape=shape)
    return Interactions(weights, pairs.times, pairs.now)


def golden(
    definition: RecommenderDefinition,
    estimator: Recommender,
    catalogue: Catalogue,
    histories: Sequence[NDArray[np.int64]],
) -> Golden:
    """Make requests as callers send them, unusual ones included, with the estimator's own answers."""
    rows = list(_golden_rows(catalogue, histories[:GOLDEN_USERS]))
    refused = {problem.row for problem in read_recommendation_requests(definition, rows)[1]}
    rows = [row for number, row in enumerate(rows) if number not in refused]
    answers = []
    for request in read_recommendation_requests(definition, rows)[0]:
        history = recent_items(known_codes(catalogue.coded(request.history or ())))
        items, scores = estimator.recommend([history], len(catalogue))
        allowed = set(request.within or catalogue.items) - set(request.exclude)
        ranked = [
            (catalogue.items[code], score)
            for code, score in zip(items[0].tolist(), scores[0].tolist(), strict=True)
            if code >= 0 and np.isfinite(score) and catalogue.items[code] in allowed
        ][: request.k]
        answers.append({"items": [item for item, _ in ranked], "scores": [score for _, score in ranked]})
    return Golden(rows, answers)


def _golden_rows(catalogue: Catalogue, histories: Sequence[NDArray[np.int64]]) -> Iterator[dict[str, object]]:
    item_histories = [[catalogue.items[code] for code in codes[-MAX_HISTORY_ITEMS:]] for codes in histories]
    for number, history in enumerate(item_histories):
        yield {"history": history, "k": (10, 1, MAX_RECOMMENDED_ITEMS)[number % 3]}
    yield {"history": [], "k": 10}
    yield {"history": [NEVER_SEEN], "k": 10}
    popular = list(catalogue.items[: 2 * MAX_RECOMMENDED_ITEMS : 3])
    for history in item_histories[:3]:
        yield {"history": [*history, NEVER_SEEN, history[0]], "k": 5}
        yield {"history": history, "exclude": popular[:10]}
        yield {"history": history, "within": [*popular, NEVER_SEEN]}
        yield {"history": history, "within": [NEVER_SEEN]}
        yield {"history": [f" {item} " for item in history]}


def describe_interactions(
    definition: RecommenderDefinition,
    learned: Columns,
    training: Columns,
    holdout: Columns,
    scores: NDArray[np.float32],
) -> Baseline:
    """Profile the `learned` interactions, how often the held out ones were of items that training did not have, and
    the best score of each list.
    """
    roles = definition.roles
    order = np.argsort(interaction_times(definition, learned), kind="stable") if definition.time else None
    turnover = mark_known_items(holdout[roles.item], set(training[roles.item].tolist()))
    best = scores[:, 0].astype(np.float64)
    return Baseline(
        rows=len(learned[roles.item]),
        features={name: profile_category(learned[name], order) for name in (roles.item, *roles.describe)},
        predictions=AnswerProfile(len(scores), values=profile_number(best[np.isfinite(best)])),
        turnover=Turnover(len(turnover), profile_category(turnover)),
    )
