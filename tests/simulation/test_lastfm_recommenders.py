"""Real users of Last.fm: EASE is as good as published, and our best model is better."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import pytest

from refrain.recommenders import Ease, FilteredEase, Popularity
from tests.unit.recommenders.interactions import answer, padded, same_lists
from tests.unit.recommenders.lastfm import FOLDER, sequences, split, thinned

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.unit.recommenders.lastfm import Protocol

pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason=f"the real data sets are not there ({FOLDER})")


@pytest.fixture(scope="module")
def artists() -> Protocol:
    """Learned from train, to be found: test."""
    return split(["train"], ["train"], "test")


def test_popularity_is_the_floor(artists: Protocol) -> None:
    assert artists.ndcg(Popularity().fit(artists.interactions)) == pytest.approx(0.0789, abs=0.001)


def test_ease_with_400_neighbours_is_as_good_as_published(artists: Protocol) -> None:
    assert artists.ndcg(Ease(regularization=200).fit(artists.interactions)) > 0.99 * 0.1963


def test_ease_with_a_filter_is_better_and_its_graph_is_small_and_the_same(artists: Protocol) -> None:
    fitted = FilteredEase().fit(artists.interactions)
    assert artists.ndcg(fitted) > 0.213
    graph = fitted.export()
    assert len(graph) < 100e6 * artists.interactions.items / 20_000
    histories = artists.histories[:200]
    asked = padded(histories)
    same_lists(fitted.recommend(histories, 10), answer(graph, asked, 10, asked))


@pytest.mark.parametrize(
    "protocol",
    [sequences, partial(sequences, timed=True), thinned],
    ids=["sequences", "sequences with times", "sparse"],
)
def test_a_filter_never_costs_more_than_a_hundredth_of_what_plain_ease_finds(protocol: Callable[[], Protocol]) -> None:
    artists = protocol()
    filtered, plain = (artists.ndcg(estimator.fit(artists.interactions)) for estimator in (FilteredEase(), Ease()))
    assert filtered >= 0.99 * plain


def test_the_next_artist_is_among_ten_more_often_than_with_published_models() -> None:
    tagged = sequences(timed=True)
    assert tagged.hits(FilteredEase().fit(tagged.interactions)) >= 0.094
