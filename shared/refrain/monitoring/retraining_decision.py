"""Should the model be trained again, now? A pure function of facts; what it decides is carried out elsewhere."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from refrain.words import counted, listed

if TYPE_CHECKING:
    from preprocessing import Retraining

type Code = Literal[
    "quality", "drift", "new_rows", "age", "due", "nothing", "running", "brake", "nothing_new", "cooldown"
]

PUNCTUAL = timedelta(minutes=10)
"""A run may start this much before it is due: else an hourly one that began late would be due every second hour."""

PERIODS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


@dataclass(frozen=True)
class RetrainingFacts:
    """All that the decision rests on.

    `last_run` is when the latest run started, whoever started it and however it ended; `trained` when the champion's
    did. `new_rows` have come since the latest run. `unpromoted` counts the runs since the last promotion, or since the
    definition changed.
    `drifted` and `quality` are sentences, empty where there is nothing to say.
    """

    now: datetime
    rules: Retraining
    last_run: datetime | None = None
    trained: datetime | None = None
    running: bool = False
    new_rows: int = 0
    unpromoted: int = 0
    drifted: str = ""
    quality: str = ""


@dataclass(frozen=True)
class RetrainingVerdict:
    """Whether to start a run, a word for why, and the sentence that goes along as the run's reason."""

    start: bool
    code: Code
    reason: str


def decide_retraining(facts: RetrainingFacts) -> RetrainingVerdict:
    """Decide on the facts of this moment.

    Bad quality counts more than drift, drift more than new rows; every reason that holds is told. Whatever the reason,
    there is one run at a time, and after too many runs in a row without promotion there is none until somebody has
    looked: a promotion or another definition releases the brake. Only the schedule starts a run within the cooldown, or
    without anything new.

    >>> from preprocessing import Retraining
    >>> rules = Retraining("never", 1000, True, 21600.0, 5, None)
    >>> decide_retraining(RetrainingFacts(datetime(2026, 11, 23), rules, new_rows=1200))
    Verdict(start=True, code='new_rows', reason='1,200 rows are new since the last run')
    """
    wishes = _wishes(facts)
    if not wishes:
        return RetrainingVerdict(False, "nothing", "there is no reason to retrain")
    why = listed(list(wishes.values()))
    if facts.running:
        return RetrainingVerdict(False, "running", f"a run is under way, so none is started although {why}")
    rules = facts.rules
    if facts.unpromoted >= rules.most_without_promotion:
        runs = counted(facts.unpromoted, "run")
        return RetrainingVerdict(
            False,
            "brake",
            f"{runs} in a row ended without promotion, so none is started although {why}; look at their reports",
        )
    if not facts.new_rows and ("due" not in wishes or facts.last_run is None):
        return RetrainingVerdict(False, "nothing_new", f"no rows are new, so no run is started although {why}")
    if "due" not in wishes and facts.last_run and facts.now - facts.last_run < timedelta(seconds=rules.cooldown):
        since = f"the last run started at {facts.last_run:%d %b %H:%M}"
        return RetrainingVerdict(False, "cooldown", f"{since}, so none is started yet although {why}")
    code = next(iter(wishes))
    return RetrainingVerdict(True, code, why[:500])


def _wishes(facts: RetrainingFacts) -> dict[Code, str]:
    """Every reason that holds, the weightiest first."""
    rules = facts.rules
    wishes: dict[Code, str] = {}
    if facts.quality:
        wishes["quality"] = facts.quality
    if facts.drifted and rules.on_drift:
        wishes["drift"] = facts.drifted
    if rules.new_rows and facts.new_rows >= rules.new_rows:
        wishes["new_rows"] = f"{counted(facts.new_rows, 'row')} are new since the last run"
    if rules.max_age is not None and facts.trained and facts.now - facts.trained >= timedelta(seconds=rules.max_age):
        wishes["age"] = f"the champion was trained on {facts.trained:%d %b %Y}, longer ago than it may be"
    if is_due(rules.every, facts.last_run, facts.now):
        wishes["due"] = f"a {rules.every} run is due"
    return wishes


def is_overdue(facts: RetrainingFacts) -> bool:
    """Tell whether what the definition asks for has not happened for twice as long as it says, whatever the reason.

    A run by the schedule, or a champion younger than `max_age`.

    >>> from preprocessing import Retraining
    >>> rules = Retraining("weekly", 0, True, 21600.0, 5, None)
    >>> [is_overdue(RetrainingFacts(datetime(2026, 1, day), rules, datetime(2026, 1, 1))) for day in (8, 15)]
    [False, True]
    """
    rules = facts.rules
    if (
        rules.max_age is not None
        and facts.trained
        and facts.now - facts.trained >= timedelta(seconds=2 * rules.max_age)
    ):
        return True
    if rules.every == "never" or facts.last_run is None:
        return False
    return is_due(rules.every, _next_run(rules.every, facts.last_run), facts.now)


def is_due(every: str, last_run: datetime | None, now: datetime) -> bool:
    """Tell whether a scheduled run is due; the first one is due at once.

    >>> is_due("monthly", datetime(2026, 1, 31), datetime(2026, 2, 28))
    True
    >>> is_due("weekly", datetime(2026, 1, 1), datetime(2026, 1, 5))
    False
    """
    if every == "never":
        return False
    if last_run is None:
        return True
    return now >= _next_run(every, last_run) - PUNCTUAL


def _next_run(every: str, last_run: datetime) -> datetime:
    return _month_later(last_run) if every == "monthly" else last_run + PERIODS[every]


def _month_later(time: datetime) -> datetime:
    year, month = time.year + time.month // 12, time.month % 12 + 1
    return time.replace(year=year, month=month, day=min(time.day, calendar.monthrange(year, month)[1]))
