"""Lists judged by what was offered: without a bias, with intervals that hold, or not at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.simulation.logged_world import LoggedWorld, draw_world
from refrain.statistics.off_policy import OtherLists, judge_lists


def test_the_same_lists_are_worth_what_was_taken_of_them() -> None:
    world = draw_world(1)
    own = np.flatnonzero(world.offers.chances > 0.5)
    same = OtherLists(world.offers.lists[own], own, world.offers.features[own])

    judged = judge_lists(world.offers, same, world.users)

    assert judged.inverse_propensity is not None and judged.doubly_robust is not None
    assert judged.inverse_propensity.value == pytest.approx(world.offers.taken[own].mean())
    assert judged.doubly_robust.value == pytest.approx(world.offers.taken[own].mean(), abs=2e-4)


def test_estimates_are_right_on_average_and_intervals_hold_the_truth() -> None:
    errors: dict[str, list[float]] = {"inverse_propensity": [], "doubly_robust": []}
    held = []
    for seed in range(30):
        world = draw_world(seed, users=150)
        judged = judge_lists(world.offers, world.wanted, world.users)
        for name, found in errors.items():
            worth = getattr(judged, name)
            found.append(worth.value - world.truth)
            held.append(worth.interval.low <= world.truth <= worth.interval.high)

    assert np.mean(held) >= 0.9
    for found in errors.values():
        assert abs(np.mean(found)) < 3 * np.std(found) / np.sqrt(len(found))


def test_a_reward_model_that_knows_more_narrows_nothing_by_being_wrong() -> None:
    world = draw_world(3)
    offers = replace(world.offers, features=-5 * world.offers.features**3)
    wanted = replace(world.wanted, features=-5 * world.wanted.features**3)
    right, misled = judge_lists(world.offers, world.wanted, world.users), judge_lists(offers, wanted, world.users)

    assert right.doubly_robust is not None and misled.doubly_robust is not None
    width = right.doubly_robust.interval.high - right.doubly_robust.interval.low
    assert abs(right.doubly_robust.value - misled.doubly_robust.value) < width / 4


@pytest.mark.parametrize(
    ("world", "why"),
    [
        (draw_world(4, users=20, lists=2), "few offers"),
        (draw_world(4, base=-9.0), "hardly any taken"),
        (draw_world(4, novelty=2.0), "items that could not have been offered"),
    ],
    ids=["few offers", "nothing taken", "no overlap"],
)
def test_where_too_little_is_known_nothing_is_estimated(world: LoggedWorld, why: str) -> None:
    judged = judge_lists(world.offers, world.wanted, world.users)

    assert (judged.inverse_propensity, judged.doubly_robust) == (None, None), why


def test_lists_of_which_nothing_was_offered_are_not_covered() -> None:
    world = draw_world(5)
    unseen = replace(world.wanted, offers=np.full(len(world.wanted.lists), -1))

    assert judge_lists(world.offers, unseen, world.users)[:2] == (0.0, 0.0)
