"""One version of a recommender, loaded: from a history to recommendations.

Inference serves by it and evaluation measures by it, so that what was measured is what answers.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from preprocessing import PreprocessingError, parse_definition
from refrain.errors import BrokenVersion
from refrain.model.onnx import RUNTIME_ERRORS, session
from refrain.model.parity import Replay, ranked_parity
from refrain.recommendation.catalogue import Catalogue
from refrain.recommendation.histories import pad_codes, recent
from refrain.recommendation.recommendation_request import read_recommendation_requests

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from preprocessing import Definition
    from refrain.recommendation.recommendation_request import RecommendationRequest

INPUTS = ["history", "exclude", "within", "k"]
OUTPUTS = ["items", "scores"]


@dataclass(frozen=True)
class Recommendation:
    """The answer to one request: codes, best first, and their scores. `popular`: nothing was known of the user."""

    items: list[int]
    scores: list[float]
    popular: bool


class RecommenderModel:
    """One loaded version. Raises `BrokenVersion` when its files contradict each other or the graph fails."""

    classes = None

    def __init__(self, manifest: Mapping[str, Any], definition: Definition, graph: Any, catalogue: Catalogue) -> None:
        self.manifest = manifest
        self.version: str = manifest["version"]
        self.definition = definition
        self.catalogue = catalogue
        self._session = graph

    @classmethod
    def load(cls, manifest: Mapping[str, Any], model: bytes, catalogue: Mapping[str, Any]) -> Self:
        """Make a version ready to answer."""
        version = str(manifest.get("version"))
        try:
            definition = parse_definition(manifest["model"], manifest["definition"], f"manifest of {version}")
            loaded = cls(manifest, definition, session(version, model), Catalogue.read(catalogue))
        except (KeyError, TypeError, ValueError, AttributeError, PreprocessingError) as error:
            raise BrokenVersion(version, f"its files are damaged ({type(error).__name__}: {error})") from error
        loaded._check()
        return loaded

    def rank(
        self,
        seen: Sequence[NDArray[np.int64]],
        exclude: Sequence[NDArray[np.int64]],
        within: Sequence[NDArray[np.int64]],
        most: int,
    ) -> tuple[NDArray[np.int64], NDArray[np.float32]]:
        """Run the graph for rows of codes: the best items [rows, most] and their scores, -inf where none is left."""
        given = {
            "history": pad_codes(seen),
            "exclude": pad_codes(exclude),
            "within": pad_codes(within),
            "k": np.array([min(most, len(self.catalogue))], np.int64),
        }
        try:
            items, scores = self._session.run(OUTPUTS, given)
        except RUNTIME_ERRORS as error:
            raise BrokenVersion(self.version, f"its graph fails ({type(error).__name__}: {error})") from error
        if items.shape != (len(seen), given["k"][0]) or items.shape != scores.shape or np.isnan(scores).any():
            raise BrokenVersion(self.version, f"its graph answers {items.shape} to {len(seen)} rows")
        return items, scores

    def recommend(self, asked: Sequence[RecommendationRequest]) -> list[Recommendation]:
        """Answer asks whose histories are known."""
        seen = [recent(self._known(ask.history or ())) for ask in asked]
        avoided = [self._known([*ask.exclude, *((ask.history or ()) if ask.exclude_seen else ())]) for ask in asked]
        # A list of nothing but unknown items leaves nothing to choose among, which the graph would take for no list.
        allowed = [self._known(ask.within) for ask in asked]
        barred = [bool(ask.within) and not len(codes) for ask, codes in zip(asked, allowed, strict=True)]
        items, scores = self.rank(seen, avoided, allowed, max(ask.k for ask in asked))
        return [
            Recommendation([], [], not len(known)) if none else _best(codes, numbers, ask.k, popular=not len(known))
            for ask, known, none, codes, numbers in zip(asked, seen, barred, items, scores, strict=True)
        ]

    def replay(self, golden: Mapping[str, Any]) -> Replay:
        """Answer the golden rows again, through all of the serving code, and compare with what training answered."""
        try:
            asked, problems = read_recommendation_requests(self.definition, golden["rows"])
            expected = [(answer["items"], answer["scores"]) for answer in golden["answers"]]
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BrokenVersion(self.version, f"its golden rows are damaged ({type(error).__name__})") from error
        if problems:
            raise BrokenVersion(self.version, f"its golden rows are refused: {problems[0].column} {problems[0].reason}")
        recommendations = self.recommend(asked) if asked else []
        found = ranked_parity(
            expected, [([self.catalogue.items[at] for at in o.items], o.scores) for o in recommendations]
        )
        return Replay(found.rows, found.max_difference, found.differing)

    def _known(self, items: Sequence[str]) -> NDArray[np.int64]:
        codes = self.catalogue.coded(items)
        return codes[codes >= 0]

    def _check(self) -> None:
        names = [[each.name for each in side] for side in (self._session.get_inputs(), self._session.get_outputs())]
        if names != [INPUTS, OUTPUTS]:
            raise BrokenVersion(self.version, f"its graph goes from {names[0]} to {names[1]}")
        if self.definition.roles is None or not len(self.catalogue):
            raise BrokenVersion(self.version, "its definition is no recommendation's, or its catalogue is empty")
        if any(len(texts) != len(self.catalogue) for texts in self.catalogue.described.values()):
            raise BrokenVersion(self.version, "its catalogue does not describe every item")


def _best(items: NDArray[np.int64], scores: NDArray[np.float32], most: int, *, popular: bool) -> Recommendation:
    left = int(np.isfinite(scores).sum())
    return Recommendation(items[: min(left, most)].tolist(), scores[: min(left, most)].tolist(), popular)
