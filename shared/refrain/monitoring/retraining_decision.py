"""Should the model be trained again, now? A pure function of facts; the decision is carried out elsewhere."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from refrain.events import MAX_REASON_LENGTH
from refrain.lake.monitoring_report import RetrainingDecision
from refrain.words import counted, listed

if TYPE_CHECKING:
    from collections.abc import Collection

    from preprocessing import Retraining
    from refrain.lake.monitoring_report import RetrainingCode

EARLY_START = timedelta(minutes=10)
"""A run may start this much before it is due: else an hourly one that began late would be due every second hour."""

MAX_DOUBLED_COOLDOWN = timedelta(weeks=1)

PERIODS = {"hourly": timedelta(hours=1), "daily": timedelta(days=1), "weekly": timedelta(weeks=1)}


@dataclass(frozen=True)
class RetrainingFacts:
    """All that the decision depends on.

    `last_run` is when the latest run started, whoever started it and however it ended; `trained` is when the run of the
    champion did. `new_rows` have come since the latest run. `unpromoted` counts the runs since the last promotion, or
    since the definition changed, and `failed` the latest of these that failed. `drifted` and `quality` are sentences,
    empty where nothing is wrong; it has been wrong since `drifted_since` and `quality_since`. `is_read_anew`: values
    mean something else than in the latest run.
    """

    now: datetime
    rules: Retraining
    last_run: datetime | None = None
    trained: datetime | None = None
    running: bool = False
    new_rows: int = 0
    is_read_anew: bool = False
    unpromoted: int = 0
    failed: int = 0
    drifted: str = ""
    drifted_since: datetime | None = None
    quality: str = ""
    quality_since: datetime | None = None


def decide_retraining(facts: RetrainingFacts) -> RetrainingDecision:
    """Decide whether to start a run now, and give the sentence that it gets as its reason.

    Bad quality counts more than drift, drift more than new rows; the reason names all that hold. One run goes at a
    time. The schedule is always kept, without new rows too. That the champion stays is the usual end of a healthy run,
    so it stops nothing. It doubles the cooldown from the second such run in a row on, since a reason that lasts would
    start runs without end. After too many failed runs in a row only the schedule starts one. A drift or a quality below
    the gate that began after the latest run, and another meaning of values, are answered as if it had promoted.

    >>> from preprocessing import Retraining
    >>> rules = Retraining("never", 1000, True, 21600.0, 5, None)
    >>> decide_retraining(RetrainingFacts(datetime(2026, 11, 23), rules, new_rows=1200)).reason
    '1,200 rows are new since the last run'
    """
    reasons = _reasons(facts)
    if not reasons:
        return RetrainingDecision(False, "nothing", "there is no reason to retrain")
    why, rules = listed(list(reasons.values())), facts.rules
    if facts.running:
        return RetrainingDecision(False, "running", f"a run is under way, so none is started although {why}")
    if not (facts.new_rows or facts.is_read_anew) and ("due" not in reasons or facts.last_run is None):
        return RetrainingDecision(False, "nothing_new", f"no rows are new, so no run is started although {why}")
    if "due" in reasons:
        return RetrainingDecision(True, next(iter(reasons)), why[:MAX_REASON_LENGTH])
    is_new = _is_news(facts, reasons)
    if facts.failed >= rules.max_failed_runs and not is_new:
        runs = f"{counted(facts.failed, 'run')} in a row failed"
        return RetrainingDecision(False, "brake", f"{runs}, so none is started although {why}; look at their reports")
    pause = timedelta(seconds=rules.cooldown) if is_new else _cooldown(facts)
    if facts.last_run and facts.now - facts.last_run < pause:
        since = f"the last run started at {facts.last_run:%d %b %H:%M}"
        why_so_long = (
            "" if pause <= timedelta(seconds=rules.cooldown) else f", {facts.unpromoted} in a row kept the champion"
        )
        return RetrainingDecision(False, "cooldown", f"{since}{why_so_long}, so none is started yet although {why}")
    return RetrainingDecision(True, next(iter(reasons)), why[:MAX_REASON_LENGTH])


def _reasons(facts: RetrainingFacts) -> dict[RetrainingCode, str]:
    """Return every reason that holds, the weightiest first."""
    rules = facts.rules
    reasons: dict[RetrainingCode, str] = {}
    if facts.quality:
        reasons["quality"] = facts.quality
    if facts.drifted and rules.on_drift:
        reasons["drift"] = facts.drifted
    if rules.new_rows and facts.new_rows >= rules.new_rows:
        reasons["new_rows"] = f"{counted(facts.new_rows, 'row')} are new since the last run"
    if _is_older_than(rules.max_age, facts):
        reasons["age"] = f"the champion was trained on {facts.trained:%d %b %Y}, longer ago than it may be"
    if is_due(rules.every, facts.last_run, facts.now):
        reasons["due"] = f"a {rules.every} run is due"
    if facts.is_read_anew:
        reasons["preprocessing"] = "values are read otherwise than in the last run"
    return reasons


def _is_news(facts: RetrainingFacts, reasons: Collection[RetrainingCode]) -> bool:
    """Tell whether a reason began after the latest run, which could not have answered it."""
    begun = {"drift": facts.drifted_since, "quality": facts.quality_since, "preprocessing": facts.now}
    times = [time for reason, time in begun.items() if reason in reasons and time]
    return bool(times) and (facts.last_run is None or max(times) > facts.last_run)


def _cooldown(facts: RetrainingFacts) -> timedelta:
    """Double the pause for every run in a row that kept the champion, but for the first: up to a week."""
    pause = facts.rules.cooldown
    doubled = min(pause * 2.0 ** max(facts.unpromoted - 1, 0), MAX_DOUBLED_COOLDOWN.total_seconds())
    return timedelta(seconds=max(pause, doubled))


def _is_older_than(seconds: float | None, facts: RetrainingFacts) -> bool:
    """Tell whether the champion is this old; None is never reached."""
    return bool(seconds is not None and facts.trained and facts.now - facts.trained >= timedelta(seconds=seconds))


def is_overdue(facts: RetrainingFacts) -> bool:
    """Tell whether retraining is far behind the definition, whatever the reason.

    That is when the champion is twice as old as `max_age`, or the latest run is two periods of the schedule ago.

    >>> from preprocessing import Retraining
    >>> rules = Retraining("weekly", 0, True, 21600.0, 5, None)
    >>> [is_overdue(RetrainingFacts(datetime(2026, 1, day), rules, datetime(2026, 1, 1))) for day in (8, 15)]
    [False, True]
    """
    rules = facts.rules
    if rules.max_age is not None and _is_older_than(2 * rules.max_age, facts):
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
    return every != "never" and (last_run is None or now >= _next_run(every, last_run) - EARLY_START)


def _next_run(every: str, last_run: datetime) -> datetime:
    if every != "monthly":
        return last_run + PERIODS[every]
    year, month = last_run.year + last_run.month // 12, last_run.month % 12 + 1
    return last_run.replace(year=year, month=month, day=min(last_run.day, calendar.monthrange(year, month)[1]))
