"""Fit one recommender on rows and export it, with the catalogue of the items that it can recommend."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array

from preprocessing import objects
from refrain import recommenders
from refrain.errors import CandidateRefused
from refrain.recommendation.catalogue import Catalogue
from refrain.recommendation.histories import known_codes
from refrain.recommendation.recommendation_request import MAX_RECOMMENDED_ITEMS
from refrain.recommendation.user_item_pairs import gather_pairs
from refrain.recommenders import Interactions, Recommender
from refrain.recommenders.described_items import compare_descriptions
from refrain.training.fitted_candidate import FittedCandidate
from refrain.training.golden_lists import make_golden_lists

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Columns, RecommenderDefinition
    from refrain.lake.version import Baseline
    from refrain.recommendation.holdout_questions import Questions

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
            golden=make_golden_lists(self.definition, self.estimator, self.catalogue, histories),
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
    definition: RecommenderDefinition, candidate: Candidate, rows: Columns, items: Columns, *, offer_new: bool = False
) -> RecommenderFit:
    """Fit and export. `items` has each item once, with its descriptions. Raises `CandidateRefused`.

    With `offer_new` those items that no row has are offered by their descriptions.
    """
    roles = definition.roles
    texts = {name: dict(zip(items[roles.item], items[name], strict=True)) for name in roles.describe}
    catalogue = Catalogue.of(rows[roles.item], texts)
    estimator = make_recommender(candidate)
    started = time.monotonic()
    try:
        estimator.fit(sum_interactions(definition, rows, catalogue), definition.training.metric)
        if offer_new:
            catalogue = add_new_items(estimator, catalogue, texts)
        seconds = time.monotonic() - started
        graph = estimator.export()
    except FIT_ERRORS as error:
        raise CandidateRefused(f"{candidate.name}: {candidate.estimator} cannot be fitted: {error}") from error
    users = len(set(rows[roles.user].tolist()))
    return RecommenderFit(definition, estimator, graph, catalogue, users, seconds, dict(estimator.chosen_))


def add_new_items(
    estimator: Recommender, catalogue: Catalogue, texts: Mapping[str, Mapping[str, str | None]]
) -> Catalogue:
    """Extend a fitted estimator and its catalogue by all other items of the texts that are described like one of it.

    There are at most as many as items of the catalogue: those with the most similar descriptions.
    """
    new = Catalogue.of(objects(list(set().union(*texts.values()) - set(catalogue.items))), texts)
    if not len(new):
        return catalogue
    likeness = compare_descriptions(catalogue.described, new.described)
    closest = likeness.max(axis=0).toarray()
    offered = np.sort(np.argsort(-closest, kind="stable")[: min(len(catalogue), np.count_nonzero(closest))])
    if len(offered):
        estimator.extend(csr_array(likeness[:, offered]))
    return catalogue.extended(new, offered.tolist())


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
