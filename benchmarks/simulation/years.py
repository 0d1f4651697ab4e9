"""Cells of retraining: a year of daily decisions. Is a healthy model braked, and is a change answered?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from benchmarks.simulation.cell import Bound, Cell
from preprocessing import Retraining
from refrain.monitoring.retraining_decision import RetrainingFacts, decide_retraining

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from benchmarks.simulation.cell import Random

DAYS = 364
CHANGE = 210
"""The world changes in week 30: from then on drift and a quality below the gate are reported until a run promotes."""
ANSWERED_WITHIN = 7
BEGINNING = datetime(2026, 1, 1)

WEEKLY = Retraining("weekly", 0, True, 6 * 3600.0, 5, None)
ON_ALARM = Retraining("never", 0, True, 6 * 3600.0, 5, None)
ON_ROWS = Retraining("never", 1000, True, 6 * 3600.0, 5, None)


@dataclass(frozen=True)
class World:
    """How likely a run promotes before the change and after it, fails, and from which day on drift is reported."""

    promotes: float
    promotes_after: float = 0.9
    fails: float = 0.0
    drift_from: int = CHANGE


def live_a_year(rules: Retraining, world: World, random: Random) -> Mapping[str, float]:
    """Decide once a day with 1,000 new rows, and let each run end by chance."""
    last_run = BEGINNING
    unpromoted = failed = runs = 0
    since: datetime | None = None
    answered = promoted = braked = False
    for day in range(DAYS):
        now = BEGINNING + timedelta(days=day + 1)
        alarmed = day >= world.drift_from and not promoted
        since = (since or now) if alarmed else None
        alarm = "it has changed" if alarmed else ""
        decision = decide_retraining(
            RetrainingFacts(
                now, rules, last_run, None, False, 1000, False, unpromoted, failed, alarm, since, alarm, since
            )
        )
        braked |= decision.code == "brake" and day < CHANGE
        if not decision.start:
            continue
        runs, last_run = runs + 1, now
        answered |= CHANGE <= day < CHANGE + ANSWERED_WITHIN
        if random.random() < world.fails:
            unpromoted, failed = unpromoted + 1, failed + 1
        elif random.random() < (world.promotes_after if day >= CHANGE else world.promotes):
            unpromoted = failed = 0
            promoted |= day >= CHANGE
        else:
            unpromoted, failed = unpromoted + 1, 0
    return {"braked": braked, "answered": answered, "runs in the year": runs}


def cells() -> Iterator[Cell]:
    """All cells of this part. The code before braked by runs without promotion (its figures are of the same years)."""
    bounds = (Bound("braked", at_most=0.0), Bound("answered", at_least=0.95))
    for chance, runs in ((0.05, 5.9), (0.025, 5.4), (0.01, 5.2)):
        year = partial(live_a_year, WEEKLY, World(chance))
        before = {"braked": 1.0, "answered": 0.0, "runs in the year": runs}
        yield Cell("years", f"weekly, equal models, promoted by {chance:.1%} of runs", year, 2000, bounds, 20, before)
    rows = partial(live_a_year, ON_ROWS, World(0.02))
    yield Cell("years", "on new rows, equal models", rows, 2000, bounds)
    flaky = partial(live_a_year, WEEKLY, World(0.02, fails=0.3))
    yield Cell("years", "weekly, 30 % of runs fail", flaky, 2000, (Bound("answered", at_least=0.95),))
    lasting = partial(live_a_year, ON_ALARM, World(0.0, promotes_after=0.0, drift_from=0))
    often = Bound("runs in the year", at_most=60)
    yield Cell("years", "on drift that lasts and no run answers", lasting, 200, (often,), 5)
    broken = partial(live_a_year, ON_ALARM, World(0.0, fails=1.0, drift_from=0))
    yield Cell("years", "on drift, every run fails", broken, 200, (Bound("runs in the year", at_most=5),), 5)
