"""What evaluation asks every recommender: each user's history of the training rows, and what that user chose later.

An item that a user knew before is no discovery: neither is it recommended, nor does choosing it again count. Items are
codes of all items that the snapshot has, so that versions with other catalogues are asked the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from refrain.recommendation.catalogue import by_popularity
from refrain.recommendation.histories import histories
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Columns, Definition

    type Codes = NDArray[np.int64]

MOST_USERS = 20_000
"""Users who are asked about; of more the same ones are chosen by a hash in every run."""


@dataclass(frozen=True)
class Questions:
    """Users (text, sorted), their histories, the new items that they chose later, and each item's training rows.

    `seen` and `chosen` are codes: places in `items`.
    """

    users: tuple[str, ...]
    items: tuple[str, ...]
    seen: Sequence[Codes]
    chosen: Sequence[Codes]
    interactions: Codes

    def __len__(self) -> int:
        """Count the users."""
        return len(self.users)

    @property
    def cold(self) -> float:
        """The share of users of whom nothing was known before."""
        return sum(not len(each) for each in self.seen) / max(len(self), 1)

    @cached_property
    def truth(self) -> NDArray[np.float64]:
        """How many items each user chose newly: [users]."""
        return np.array([len(each) for each in self.chosen], np.float64)

    def hits(self, ranked: Codes) -> NDArray[np.float64]:
        """Tell which of the ranked items [users, places] were chosen: 1 or 0, in the same places."""
        width = len(self.items) + 1
        asked = np.concatenate([np.empty(0, np.int64), *(row * width + each for row, each in enumerate(self.chosen))])
        places = np.arange(len(self))[:, np.newaxis] * width + ranked
        return (np.isin(places, asked) & (ranked >= 0)).astype(np.float64)

    def popular(self, most: int) -> Codes:
        """Rank for each user the most popular items of the training rows that the user did not know: [users, most]."""
        order = np.array(by_popularity(self.items, self.interactions), np.int64)
        ranked = np.full((len(self), most), -1, np.int64)
        for row, seen in zip(ranked, self.seen, strict=True):
            among = order[: most + len(seen)]
            fresh = among[~np.isin(among, seen)][:most]
            row[: len(fresh)] = fresh
        return ranked


def questions(definition: Definition, training: Columns, holdout: Columns) -> Questions:
    """Make the questions of a snapshot's rows; users who chose nothing new are not asked about."""
    roles = definition.roles
    assert roles is not None, "only recommendations have questions"
    items = np.concatenate([training[roles.item], holdout[roles.item]]).astype(str)
    names, codes = np.unique(items, return_inverse=True)
    known, later = codes[: len(training[roles.item])], codes[len(training[roles.item]) :]
    seen = histories(training[roles.user], known, when(definition, training))
    chosen = histories(holdout[roles.user], later, when(definition, holdout))
    nothing = np.empty(0, np.int64)
    asked = []
    for user in _sampled(sorted(chosen)):
        before = seen.get(user, nothing)
        fresh = np.setdiff1d(chosen[user], before)
        if len(fresh):
            asked.append((user, before, fresh))
    return Questions(
        users=tuple(user for user, _, _ in asked),
        items=tuple(names.tolist()),
        seen=[before for _, before, _ in asked],
        chosen=[fresh for _, _, fresh in asked],
        interactions=np.bincount(known, minlength=len(names)),
    )


def when(definition: Definition, columns: Columns) -> NDArray[np.int64]:
    """Tell when each row happened, as whole microseconds; all at once where the definition has no time."""
    if not definition.time:
        return np.zeros(len(next(iter(columns.values()))), np.int64)
    return columns[definition.time].astype("datetime64[us]").astype(np.int64)


def _sampled(users: list[str]) -> list[str]:
    if len(users) <= MOST_USERS:
        return users
    hashes = row_hashes({"user": np.array(users, dtype=object)}, ("user",))
    return [users[place] for place in np.sort(np.argsort(hashes, kind="stable")[:MOST_USERS])]
