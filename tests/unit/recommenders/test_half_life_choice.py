"""A half-life that is not given: chosen where the newest choices follow it, and left alone elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from refrain.recommenders import AlternatingLeastSquares, Ease, FilteredEase, Interactions, ItemKnn
from refrain.recommenders.half_life_choice import CENTURY, HALF_LIVES, choose_half_life
from refrain.recommenders.parameter_choice import InnerSplit
from tests.unit.recommenders.interactions import make_interactions, random_interactions

if TYPE_CHECKING:
    from refrain.recommenders import Recommender


@pytest.mark.parametrize("kind", [Ease, FilteredEase, ItemKnn])
def test_a_half_life_is_chosen_where_the_newest_choices_follow_it(kind: type[Recommender]) -> None:
    fashion, steady = (kind().fit(_with_fashions(moves)).chosen_["half_life_days"] for moves in (True, False))
    assert (fashion in HALF_LIVES, steady) == (True, CENTURY)


@pytest.mark.parametrize("kind", [Ease, FilteredEase, ItemKnn])
def test_the_half_life_that_is_chosen_finds_the_next_choices(kind: type[Recommender]) -> None:
    found = {}
    for moves in (True, False):
        split = InnerSplit.of(_with_fashions(moves), 0, 1000, 40, "hit_rate@5")
        models = {"chosen": kind(), "without": kind(half_life_days=CENTURY)}
        found[moves] = {
            name: float(split.judge(model.fit(split.learned).scorer_.scores(split.histories)).mean())
            for name, model in models.items()
        }
    assert found[True]["chosen"] > 1.5 * found[True]["without"]
    assert found[False]["chosen"] == found[False]["without"]


def test_a_half_life_that_was_chosen_and_is_then_given_makes_the_same_model() -> None:
    interactions = _with_fashions(moves=True)
    chosen = Ease().fit(interactions)
    given = Ease(**chosen.chosen_).fit(interactions)  # type: ignore[arg-type]
    assert given.export() == chosen.export()
    np.testing.assert_array_equal(given.popularity_, chosen.popularity_)


def test_without_times_or_where_it_is_given_no_half_life_is_chosen() -> None:
    timeless = random_interactions(2, users=100).weights
    interactions = Interactions(timeless, np.full(timeless.nnz, np.nan), np.nan)
    assert choose_half_life(Ease(), interactions) == {}
    assert choose_half_life(Ease(half_life_days=7.0), _with_fashions(moves=True)) == {}
    assert choose_half_life(AlternatingLeastSquares(), _with_fashions(moves=True)) == {}


def test_no_half_life_is_chosen_that_there_is_no_time_to_learn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refrain.recommenders.ease.MAX_OPERATIONS", 1000)
    assert "half_life_days" not in Ease().fit(_with_fashions(moves=True)).chosen_


def _with_fashions(moves: bool) -> Interactions:
    """Interactions of 150 users on 60 days: of 40 items, those that are in fashion move on with the days, or none."""
    draw = np.random.default_rng(0)
    days = np.sort(draw.uniform(0, 60, (150, 12)), axis=1)
    centre = days[:, :, np.newaxis] / 60 * 40 if moves else np.full((150, 12, 1), 20.0)
    chance = np.exp(-0.5 * ((np.arange(40) - centre) / 4) ** 2)
    items = (chance / chance.sum(axis=2, keepdims=True)).cumsum(axis=2)
    chosen = np.minimum((items < draw.random((150, 12, 1))).sum(axis=2), 39)
    ago = np.full((150, 40), np.nan)
    for user, row in enumerate(chosen):
        ago[user, row] = 60 - days[user]
    amounts = (~np.isnan(ago)).astype(np.int64)
    return make_interactions(amounts, np.nan_to_num(ago))
