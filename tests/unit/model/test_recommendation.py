"""A recommender ranks in slices of any size as it does at once."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.base import clone

from preprocessing import parse_definition
from refrain.lake.version import CatalogueItems
from refrain.model.recommendation import RecommenderModel
from refrain.recommendation import ranking_slices
from refrain.recommendation.recommendation_request import RecommendationRequest
from tests.stored import make_manifest
from tests.unit.recommenders.conftest import EVERY
from tests.unit.recommenders.interactions import random_interactions

ITEMS = [f"s{code}" for code in range(30)]
SONGS: dict[str, Any] = {
    "task": "recommendation",
    "columns": {"who": {"type": "category", "role": "user"}, "song": {"type": "category", "role": "item"}},
    "training": {"candidates": [{"name": "ease", "estimator": "refrain.recommenders.Ease"}]},
}
NAMED = st.lists(st.sampled_from([*ITEMS, "unknown"]), max_size=12).map(tuple)
REQUESTS = st.builds(
    RecommendationRequest,
    user=st.none(),
    history=NAMED,
    k=st.integers(1, 40),
    exclude=NAMED,
    exclude_seen=st.booleans(),
    within=NAMED,
)


def loaded(name: str) -> RecommenderModel:
    graph = clone(EVERY[name]).fit(random_interactions(1)).export()
    manifest = make_manifest(parse_definition("songs", SONGS, "songs.toml"), model_bytes=len(graph))
    return RecommenderModel.load(manifest, graph, CatalogueItems(tuple(ITEMS), {}))


@pytest.fixture(scope="module", params=["popularity", "ease, truncated", "factors"])
def model(request: pytest.FixtureRequest) -> RecommenderModel:
    """A loaded recommender of each kind of graph."""
    return loaded(request.param)


@settings(max_examples=40)
@given(requests=st.lists(REQUESTS, min_size=1, max_size=9), bytes_at_once=st.integers(1, 60_000))
def test_slices_of_any_size_give_the_lists_of_one_slice(
    model: RecommenderModel, requests: list[RecommendationRequest], bytes_at_once: int
) -> None:
    at_once = model.recommend(requests)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ranking_slices, "MAX_SLICE_BYTES", bytes_at_once)
        sliced = model.recommend(requests)

    for one, other in zip(at_once, sliced, strict=True):
        assert (one.items, one.popular) == (other.items, other.popular)
        np.testing.assert_allclose(one.scores, other.scores, rtol=1e-6, atol=1e-7)
