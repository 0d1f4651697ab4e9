"""Cells of recommended lists: is what logged lists say of others right, and do rising songs reach listeners?"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from benchmarks.simulation.cell import Bound, Cell
from benchmarks.simulation.logged_world import draw_world
from local.demo.songs.hit_rates import KINDS, count_hits
from local.demo.songs.policies import Policy, PolicyWatch
from local.demo.songs.repertoire import DAY, Plan
from local.demo.songs.simulation import simulate
from refrain.statistics.off_policy import judge_lists

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.simulation.cell import Random

POLICIES = (Policy("daily", DAY), Policy("once", None))
RARE = -5.2
"""The usual log odds at which about one item of forty is taken; usually one of eight is."""


def judge_others(world: Mapping[str, float], random: Random) -> Mapping[str, float]:
    """Estimate the worth of other lists, and tell whether the interval holds it."""
    drawn = draw_world(int(random.integers(2**32)), **world)  # type: ignore[arg-type]
    worth = judge_lists(drawn.offers, drawn.wanted, drawn.users).doubly_robust
    if worth is None:
        return {"estimated": 0}
    return {"estimated": 1, "interval holds": worth.interval.low <= drawn.truth <= worth.interval.high}


def watch_service(random: Random) -> Mapping[str, float]:
    """Let a music service with a hit and new songs pass, half the size of the demo's, retrained daily or never."""
    plan = Plan(int(random.integers(2**32)), listeners=350, artists=60, songs=350, releases=12, watched=14, hit=4.75)
    service = simulate(plan)
    watch = PolicyWatch(service, POLICIES)
    names = tuple(policy.name for policy in POLICIES)
    rates = count_hits(service, names, [watch.day(day) for day in range(plan.watched)])
    offered = {kind: shares[names.index("daily")] for kind, (_, shares) in rates.predicted.items()}
    return {
        "first plays of the hit offered": offered.get(KINDS[0], 0.0),
        "first plays of new songs offered": offered.get(KINDS[1], 0.0),
        "sessions hit more often": rates.gain("daily", "once").value,
    }


WORLDS: dict[str, Mapping[str, float]] = {
    "3,000 lists": {},
    "12,000 lists": {"users": 1200},
    "50 users with 40 lists each": {"users": 50, "lists": 40},
    "3,000 lists, seldom taken": {"base": RARE},
    "500 lists, seldom taken": {"users": 100, "lists": 5, "base": RARE},
    "8,000 lists, seldom taken, explored by 2 %": {"users": 1000, "lists": 8, "base": RARE, "explore": 0.02},
}


def cells() -> Iterator[Cell]:
    """All cells of this part."""
    holds, none = Bound("interval holds", at_least=0.9), Bound("estimated", at_most=0.01)
    for name, world in WORLDS.items():
        ci_runs = 60 if name == "3,000 lists, seldom taken" else 0
        yield Cell("lists", name, partial(judge_others, world), runs=1000, bounds=(holds,), ci_runs=ci_runs)
    yield Cell("lists", "other lists, not offered", partial(judge_others, {"novelty": 2.0}), runs=100, bounds=(none,))
    bounds = (
        Bound("first plays of the hit offered", at_least=0.15),
        Bound("first plays of new songs offered", at_least=0.05),
        Bound("sessions hit more often", at_least=0.02),
    )
    yield Cell("lists", "a service with a hit, retrained daily", watch_service, runs=8, bounds=bounds)
