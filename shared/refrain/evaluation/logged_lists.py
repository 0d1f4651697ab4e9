"""Lists that were logged with chances: what candidates would have been worth in their place, before anybody sees them.

A list says something of a candidate that has learned nothing of what the user did after it: where the user's rows from
then on are all held out. What was chosen within a day counts as taken, so the day has to be over.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from refrain.lake.capture.recommendations import HORIZON, read_recommendations
from refrain.lake.list_worth import ListWorth, TakenShare
from refrain.recommendation.histories import recent_items
from refrain.recommendation.holdout_questions import Questions
from refrain.recommendation.user_item_pairs import interaction_times
from refrain.statistics.intervals import mean_interval
from refrain.statistics.off_policy import CONFIDENCE, Offers, OtherLists, judge_lists

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from preprocessing import Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.lake.capture.recommendations import RecommendationRecord
    from refrain.recommendation.holdout_questions import Codes
    from refrain.statistics.off_policy import Worth

MAX_LOGGED_LISTS = 10_000
OWN_CHANCE = 0.5
"""Items with a larger chance are those of the list itself, others were explored."""


@dataclass(frozen=True)
class LoggedLists:
    """Lists as questions, one for each (its user, the history until then, what was taken), and their offered items.

    `offered` are codes of the questions' items, all lists one after the other; `lists` and `chances` run parallel.
    """

    asked: Questions
    lists: NDArray[np.int64]
    offered: Codes
    chances: NDArray[np.float64]

    def worth(self, ranked: Codes) -> ListWorth:
        """Judge other lists for the same users and histories: codes of the questions' items [lists, ranks]."""
        same = (ranked[self.lists] == self.offered[:, np.newaxis]) & (self.offered >= 0)[:, np.newaxis]
        ranks = np.where(same.any(axis=1), same.argmax(axis=1), ranked.shape[1])
        lengths = np.bincount(self.lists, minlength=len(self.asked))
        counted = (np.arange(ranked.shape[1]) < lengths[:, np.newaxis]) & (ranked >= 0)
        offers = np.full(ranked.shape, -1)
        held = ranks < ranked.shape[1]
        offers[self.lists[held], ranks[held]] = np.flatnonzero(held)
        other_lists, other_ranks = np.nonzero(counted)
        users = np.unique(self.asked.users, return_inverse=True)[1]
        taken = self._taken()
        judged = judge_lists(
            Offers(self.lists, self.chances, taken, self._features(self.lists, self.offered, ranks)),
            OtherLists(other_lists, offers[counted], self._features(other_lists, ranked[counted], other_ranks)),
            users,
        )
        own = self.chances > OWN_CHANCE
        low, high = mean_interval(taken[own], users[self.lists[own]], CONFIDENCE)
        return ListWorth(
            lists=len(self.asked),
            covered=judged.covered,
            effective=judged.effective,
            offered=TakenShare(float(taken[own].mean()), low, high),
            inverse_propensity=_stored(judged.inverse_propensity),
            doubly_robust=_stored(judged.doubly_robust),
        )

    def _taken(self) -> NDArray[np.float64]:
        """Mark the offered items that were chosen by 1, all others by 0."""
        width = len(self.asked.items) + 1
        chosen = [row * width + codes for row, codes in enumerate(self.asked.chosen)]
        marks = np.isin(self.lists * width + self.offered, np.concatenate(chosen)) & (self.offered >= 0)
        return marks.astype(np.float64)

    def _features(self, lists: NDArray[np.int64], codes: Codes, ranks: NDArray[np.int64]) -> NDArray[np.float64]:
        """Describe items to the reward model: their popularity, the length of the history, the rank by the others."""
        popularity = np.append(self.asked.interactions, 0)[codes]
        histories = np.array([len(seen) for seen in self.asked.seen])
        return np.log1p(np.column_stack([popularity, histories[lists], ranks]).astype(np.float64))


def _stored(worth: Worth | None) -> TakenShare | None:
    return None if worth is None else TakenShare(worth.value, *worth.interval)


@dataclass(frozen=True)
class UserRows:
    """One user's rows in the order of time (microseconds), and the time of the newest one that candidates learned."""

    times: NDArray[np.int64]
    codes: Codes
    learned_until: int

    def around(self, time: int) -> tuple[Codes, Codes]:
        """Return the history until a time, and what was chosen within a day after it."""
        at, later = np.searchsorted(self.times, [time, time + HORIZON // timedelta(microseconds=1)], side="right")
        return recent_items(self.codes[:at]), self.codes[at:later]


def gather_logged_lists(
    store: Store, definition: RecommenderDefinition, training: Columns, holdout: Columns
) -> LoggedLists | None:
    """Read the lists of the time that is held out, if the definition explores; None where there are none."""
    learned, held_out = (interaction_times(definition, side) for side in (training, holdout))
    if not definition.recommending.explore or not definition.time or not len(held_out):
        return None
    users, texts = (
        np.concatenate([training[name], holdout[name]]).astype(str)
        for name in (definition.roles.user, definition.roles.item)
    )
    items, codes = np.unique(texts, return_inverse=True)
    rows = _rows_of_users(users, codes, np.concatenate([learned, held_out]), len(learned))
    since, until = (datetime.fromtimestamp(int(time) / 1e6, UTC) for time in (held_out.min(), held_out.max()))
    records, _ = read_recommendations(store, definition.model, since, until - HORIZON, MAX_LOGGED_LISTS)
    usable = [record for record in records if record.propensities and _is_unlearned(record, rows)]
    if not usable:
        return None
    around = [rows[str(record.user)].around(int(record.time.astype(np.int64))) for record in usable]
    numbers = {item: code for code, item in enumerate(items.tolist())}
    return LoggedLists(
        asked=Questions(
            users=tuple(str(record.user) for record in usable),
            items=tuple(numbers),
            seen=[seen for seen, _ in around],
            chosen=[chosen for _, chosen in around],
            interactions=np.bincount(codes[: len(learned)], minlength=len(items)),
        ),
        lists=np.repeat(np.arange(len(usable)), [len(record.items) for record in usable]),
        offered=np.array([numbers.get(item, -1) for record in usable for item in record.items], np.int64),
        chances=np.concatenate([record.propensities for record in usable]),
    )


def _rows_of_users(
    users: NDArray[np.str_], codes: Codes, times: NDArray[np.int64], learned: int
) -> dict[str, UserRows]:
    """Gather the rows of each user; the first `learned` rows are those of training."""
    names, numbers = np.unique(users, return_inverse=True)
    order = np.lexsort((times, numbers))
    until = np.full(len(names), np.iinfo(np.int64).min)
    np.maximum.at(until, numbers[:learned], times[:learned])
    parts = np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)
    return {
        name: UserRows(times[part], codes[part], int(last))
        for name, part, last in zip(names.tolist(), parts, until, strict=True)
    }


def _is_unlearned(record: RecommendationRecord, rows: dict[str, UserRows]) -> bool:
    user = rows.get(str(record.user))
    return user is not None and int(record.time.astype(np.int64)) >= user.learned_until
