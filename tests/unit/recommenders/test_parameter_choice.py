"""Parameters that are not given: chosen on an inner split, by what ranks best and surely so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.sparse import csr_array

from refrain.recommenders import AlternatingLeastSquares, Ease, FilteredEase, Interactions, ItemKnn
from refrain.recommenders.half_life_choice import CENTURY, HALF_LIVES
from refrain.recommenders.parameter_choice import Alternative, InnerSplit, choose_parameters
from tests.unit.recommenders.interactions import random_interactions

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from refrain.recommenders import Recommender

METRICS_AT_TEN = ("ndcg@10", "hit_rate@10")


def test_the_newest_pairs_of_each_user_are_held_out_and_never_all() -> None:
    interactions = random_interactions(1, users=200)
    everything, times = interactions.weights.toarray() > 0, np.zeros(interactions.weights.shape)
    times[interactions.weights.nonzero()] = interactions.times

    split = InnerSplit.of(interactions, 0, most_users=1000, most_items=30)

    learned = split.learned.weights.toarray() > 0
    assert not (learned & ~everything).any()
    assert (learned.any(axis=1) == everything.any(axis=1)).all()
    held = everything & ~learned
    assert 0.15 < held.sum() / everything.sum() < 0.25
    for user in np.flatnonzero(held.any(axis=1)):
        assert times[user][held[user]].min() >= times[user][learned[user]].max()
    assert split.wanted.nnz == held.sum()
    assert [set(row) for row in split.histories] == [
        set(np.flatnonzero(row)) for row in learned[held.any(axis=1) & learned.any(axis=1)]
    ]


@pytest.mark.parametrize("metric", METRICS_AT_TEN)
def test_the_figure_of_an_alternative_is_the_metric_of_what_was_held_out(metric: str) -> None:
    split = InnerSplit.of(random_interactions(2, users=100), 0, most_users=1000, most_items=30, metric=metric)
    wanted = split.wanted.toarray()
    perfect = split.judge(wanted.astype(np.float32))
    np.testing.assert_allclose(perfect, 1)
    assert (split.judge(-wanted.astype(np.float32)) < 1).all()


def test_only_the_most_popular_items_and_a_sample_of_users_take_part() -> None:
    split = InnerSplit.of(random_interactions(3, users=100), 0, most_users=25, most_items=10)
    assert (len(split.histories), split.asked.shape, split.learned.items) == (25, (25, 10), 10)


@pytest.mark.parametrize(
    ("estimator", "names"),
    [
        (Ease(), {"half_life_days", "regularization"}),
        (FilteredEase(), {"half_life_days", "regularization", "share", "factors"}),
        (FilteredEase(share=1.0), {"half_life_days", "regularization", "factors"}),
        (ItemKnn(), {"half_life_days", "weighting", "shrinkage"}),
        (ItemKnn(weighting="log", shrinkage=3.0), {"half_life_days"}),
        (AlternatingLeastSquares(factors=4, iterations=2), {"regularization"}),
        (FilteredEase(half_life_days=14), {"regularization", "share", "factors"}),
    ],
)
def test_what_is_given_is_kept_and_the_rest_is_chosen_from_its_options(estimator: Recommender, names: set[str]) -> None:
    before = estimator.get_params()
    estimator.fit(random_interactions(4, users=150))
    assert set(estimator.chosen_) == names
    options = {**estimator.OPTIONS, "half_life_days": (CENTURY, *HALF_LIVES)}
    assert all(value in options[name] for name, value in estimator.chosen_.items())
    assert estimator.get_params() == before


def test_a_model_with_the_chosen_parameters_given_is_the_same_model() -> None:
    interactions = random_interactions(5, users=150)
    chosen = FilteredEase().fit(interactions)
    assert FilteredEase(**chosen.chosen_).fit(interactions).export() == chosen.export()  # type: ignore[arg-type]


def test_with_too_few_users_to_ask_the_usual_options_are_taken() -> None:
    assert FilteredEase().fit(random_interactions(6, users=10)).chosen_ == {
        "half_life_days": CENTURY,
        "regularization": 200.0,
        "share": 0.0,
        "factors": 16,
    }


class Planned:
    """Two plain models, and one that adds a part to the second: each hits what a range of the users want."""

    def __init__(self, start: float, stop: float, plain: float = 0.5) -> None:
        self.hits = {"other": (0.0, 0.4), "plain": (0.0, plain), "more": (start, stop)}

    def open_options(self) -> dict[str, Sequence[str]]:
        return {"model": tuple(self.hits)}

    def choice_items(self, interactions: Interactions) -> int:
        return interactions.items

    def alternatives(self, split: InnerSplit) -> Iterator[Alternative]:
        place = np.arange(split.wanted.shape[0]) / split.wanted.shape[0]
        for name, (start, stop) in self.hits.items():
            hit = (place >= start) & (place < stop)
            extends: dict[str, float | int | str] | None = {"model": "plain"} if name == "more" else None
            yield Alternative({"model": name}, np.where(hit[:, None], split.wanted.toarray(), 0), extends)


class Differing(Planned):
    """One model has two right items for half of the users, the other has one on the last of ten ranks for most."""

    def __init__(self) -> None:
        self.hits = {"few": (0.0, 0.5), "many": (0.0, 0.9)}

    def alternatives(self, split: InnerSplit) -> Iterator[Alternative]:
        wanted = split.wanted.toarray()
        place = np.arange(len(wanted))[:, np.newaxis] / len(wanted)
        free = (wanted == 0) & (split.asked.toarray() == 0)
        before_it = np.where(free & (free.cumsum(axis=1) <= 9), 2.0, 0.0)
        yield Alternative({"model": "few"}, np.where(place < 0.5, wanted, 0.0).astype(np.float32))
        yield Alternative({"model": "many"}, np.where(place < 0.9, before_it + wanted, 0.0).astype(np.float32))


def test_the_metric_that_judges_candidates_chooses_their_parameters() -> None:
    interactions = random_interactions(7, users=150, items=60)
    chosen = {metric: choose_parameters(Differing(), interactions, metric)["model"] for metric in METRICS_AT_TEN}
    assert chosen == {"ndcg@10": "few", "hit_rate@10": "many"}


@pytest.mark.parametrize(
    ("hits", "expected"),
    [
        ((0.0, 0.9), "more"),
        ((0.3, 0.9), "more"),
        ((0.3, 0.83), "plain"),
        ((0.0, 0.45), "plain"),
        ((0.0, 0.9, 0.3), "other"),
    ],
)
def test_a_model_with_one_more_part_has_to_be_surely_better_than_the_best_without(
    hits: tuple[float, ...], expected: str
) -> None:
    assert choose_parameters(Planned(*hits), random_interactions(7, users=150)) == {"model": expected}


def listeners(pairs_each: int, seed: int = 0, users: int = 600, items: int = 400) -> tuple[Interactions, csr_array]:
    """Pairs of users whose tastes are mixtures of eight genres, and as many more of each that are to be found."""
    draw = np.random.default_rng(seed)
    liked = 4 * draw.dirichlet(np.full(8, 0.3), users) @ draw.dirichlet(np.full(8, 0.3), items).T
    wish = liked + 1.2 * draw.normal(size=items) + draw.gumbel(size=(users, items))
    best = np.argsort(-wish, axis=1)[:, : 2 * pairs_each]
    seen = draw.permuted(best, axis=1)
    learned, wanted = (
        csr_array((np.ones(part.size, np.float32), (np.repeat(np.arange(users), pairs_each), part.ravel())), wish.shape)
        for part in (seen[:, :pairs_each], seen[:, pairs_each:])
    )
    order = np.argsort(-learned.sum(axis=0), kind="stable")
    learned = csr_array(learned[:, order])
    learned.sort_indices()
    return Interactions(learned, np.full(learned.nnz, np.nan), np.nan), csr_array(wanted[:, order])


@pytest.mark.parametrize("pairs_each", [6, 30])
def test_a_filter_never_costs_what_plain_ease_finds_in_sparse_and_in_dense_data(pairs_each: int) -> None:
    interactions, wanted = listeners(pairs_each)
    histories = np.split(interactions.weights.indices.astype(np.int64), interactions.weights.indptr[1:-1])
    judge = InnerSplit(interactions, np.arange(len(histories)), histories, interactions.binary(), wanted)

    def ndcg(estimator: Recommender) -> float:
        return float(judge.judge(estimator.fit(interactions).scorer_.scores(histories)).mean())

    assert ndcg(FilteredEase()) >= 0.99 * max(ndcg(Ease()), ndcg(Ease(regularization=200)))
