"""A version of a recommender, loaded: from a user's history to the best items.

Inference serves with it and evaluation measures with it, so that what was measured is what answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from preprocessing import PreprocessingError, RecommenderDefinition
from refrain.errors import BrokenVersion
from refrain.model.loaded_model import LoadedModel, check_golden_rows, damaged
from refrain.model.onnx import check_signature, open_graph, run_graph
from refrain.model.parity import ranked_parity
from refrain.recommendation.catalogue import Catalogue
from refrain.recommendation.histories import known_codes, pad_codes, recent_items
from refrain.recommendation.ranking_slices import RankingCost
from refrain.recommendation.recommendation_request import read_recommendation_requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.lake.parity_figures import Parity
    from refrain.lake.version import CatalogueItems, Golden, Manifest
    from refrain.recommendation.recommendation_request import RecommendationRequest

INPUTS = ["history", "exclude", "within", "k"]
OUTPUTS = ["items", "scores"]


@dataclass(frozen=True)
class Recommendation:
    """One list: the codes of its items, best first, and their scores. `popular`: nothing was known of the user.

    `propensities` are the chances of the items of a list that may explore.
    """

    items: list[int]
    scores: list[float]
    popular: bool
    propensities: Sequence[float] = ()


class RecommenderModel(LoadedModel):
    """One loaded version of a recommender."""

    definition: RecommenderDefinition
    classes = None

    def __init__(self, manifest: Manifest, definition: RecommenderDefinition, graph: Any, catalogue: Catalogue) -> None:
        self.manifest = manifest
        self.version = manifest.version
        self.definition = definition
        self.catalogue = catalogue
        self._graph = graph
        self._cost = RankingCost(len(catalogue), manifest.model_bytes)

    @classmethod
    def load(cls, manifest: Manifest, model: bytes, catalogue: CatalogueItems) -> Self:
        """Make a version ready to answer."""
        version = manifest.version
        try:
            definition = manifest.parse_definition()
            items = Catalogue(catalogue.items, catalogue.described)
            graph = open_graph(version, model)
        except (KeyError, TypeError, ValueError, AttributeError, PreprocessingError) as error:
            raise damaged(version, "files", error) from error
        check_signature(version, graph, INPUTS, OUTPUTS)
        if not isinstance(definition, RecommenderDefinition) or not len(items):
            raise BrokenVersion(version, "its definition is not a recommender's, or its catalogue is empty")
        if any(len(texts) != len(items) for texts in items.described.values()):
            raise BrokenVersion(version, "its catalogue does not describe every item")
        return cls(manifest, definition, graph, items)

    def rank(
        self,
        histories: Sequence[NDArray[np.int64]],
        exclude: Sequence[NDArray[np.int64]],
        within: Sequence[NDArray[np.int64]],
        count: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Rank for rows of codes: the best items [rows, count] and their scores, -inf where none is left."""
        k = min(count, len(self.catalogue))
        items, scores = np.empty((len(histories), k), np.int64), np.empty((len(histories), k), np.float32)
        for rows in self._cost.slices(histories, exclude, within):
            lists = [pad_codes([codes[row] for row in rows]) for codes in (histories, exclude, within)]
            items[rows], scores[rows] = self._run(len(rows), [*lists, np.array([k], np.int64)], k)
        return items, scores

    def recommend(self, requests: Sequence[RecommendationRequest]) -> list[Recommendation]:
        """Answer requests whose histories are known. Raises `RankingTooLong`."""
        coded = self.catalogue.coded
        histories = [recent_items(known_codes(coded(request.history or ()))) for request in requests]
        exclude = [known_codes(coded(_excluded(request))) for request in requests]
        within = [known_codes(coded(request.within)) for request in requests]
        # The graph takes an empty `within` for "all items"; where only unknown items are allowed, none are left.
        counts = [
            0 if request.within and not len(codes) else request.k
            for request, codes in zip(requests, within, strict=True)
        ]
        self._cost.check(histories, exclude, within)
        items, scores = self.rank(histories, exclude, within, max(request.k for request in requests))
        return [
            _recommendation(codes, row_scores, count, popular=not len(history))
            for codes, row_scores, count, history in zip(items, scores, counts, histories, strict=True)
        ]

    def _run(
        self, rows: int, inputs: Sequence[NDArray[np.int64]], k: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        items, scores = run_graph(self.version, self._graph, OUTPUTS, dict(zip(INPUTS, inputs, strict=True)))
        if items.shape != (rows, k) or items.shape != scores.shape or np.isnan(scores).any():
            raise BrokenVersion(self.version, f"its graph answers {items.shape} to {rows} rows")
        return items, scores

    def answer(self, instances: Sequence[Mapping[str, object]]) -> list[Recommendation]:
        """Answer instances that bring their own history."""
        requests, _ = read_recommendation_requests(self.definition, instances)
        return self.recommend(requests)

    def replay(self, golden: Golden) -> Parity:
        """Answer the golden rows again, through all of the serving code, and compare with what training answered."""
        try:
            requests, problems = read_recommendation_requests(self.definition, golden.rows)
            expected = [(answer["items"], answer["scores"]) for answer in golden.answers]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise damaged(self.version, "golden rows", error) from error
        check_golden_rows(self.version, problems)
        lists = self.recommend(requests) if requests else []
        items = self.catalogue.items
        return ranked_parity(expected, [([items[code] for code in row.items], row.scores) for row in lists])


def _excluded(request: RecommendationRequest) -> list[str]:
    return [*request.exclude, *((request.history or ()) if request.exclude_seen else ())]


def _recommendation(
    items: NDArray[np.int64], scores: NDArray[np.float32], count: int, *, popular: bool
) -> Recommendation:
    count = min(int(np.isfinite(scores).sum()), count)
    return Recommendation(items[:count].tolist(), scores[:count].tolist(), popular)
