"""The questions that evaluation puts to every recommender: which items will each user choose after this history?

An item of the history is no discovery: it is not recommended, and choosing it again does not count. Items are codes of
all items of the snapshot, so that versions with different catalogues get the same questions.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from refrain.recommendation.histories import gather_histories
from refrain.recommendation.user_item_pairs import interaction_times
from refrain.statistics.hashing import row_hashes

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from preprocessing import Columns, RecommenderDefinition

    type Codes = NDArray[np.int64]

MAX_QUESTIONED_USERS = 20_000
"""Of more users a hash chooses the same ones in every run."""


@dataclass(frozen=True)
class Questions:
    """Users (text, sorted), their histories, the new items that they chose later, and each item's training rows.

    `seen` and `chosen` are codes: indexes of `items`.
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
    def cold_share(self) -> float:
        """The share of users without a history."""
        return sum(not len(codes) for codes in self.seen) / max(len(self), 1)

    @cached_property
    def chosen_counts(self) -> NDArray[np.float64]:
        """The number of new items that each user chose: [users]."""
        return np.array([len(codes) for codes in self.chosen], np.float64)

    def hits(self, ranked: Codes) -> NDArray[np.float64]:
        """Mark the ranked items [users, ranks] that their users chose by 1, all others by 0."""
        width = len(self.items) + 1
        chosen = np.concatenate(
            [np.empty(0, np.int64), *(row * width + codes for row, codes in enumerate(self.chosen))]
        )
        pairs = np.arange(len(self))[:, np.newaxis] * width + ranked
        return (np.isin(pairs, chosen) & (ranked >= 0)).astype(np.float64)

    def coded_lists(self, items: Sequence[str], ranked: Codes, scores: NDArray[np.float32]) -> Codes:
        """Turn lists of codes of a catalogue's items into codes of the questions; -1: nothing more.

        Items that the questions do not have are left out: nobody has chosen them, so no choice can judge them.
        """
        codes = {item: code for code, item in enumerate(self.items)}
        of_questions = np.array([codes.get(item, -1) for item in items], np.int64)
        lists = np.where(np.isfinite(scores), of_questions[ranked], -1)
        return np.take_along_axis(lists, np.argsort(lists < 0, axis=1, kind="stable"), axis=1)


def make_questions(definition: RecommenderDefinition, training: Columns, holdout: Columns) -> Questions:
    """Make the questions of a snapshot's rows; users who chose nothing new are left out."""
    roles = definition.roles
    all_items = np.concatenate([training[roles.item], holdout[roles.item]]).astype(str)
    items, codes = np.unique(all_items, return_inverse=True)
    training_codes, holdout_codes = np.split(codes, [len(training[roles.item])])
    histories = gather_histories(training[roles.user], training_codes, interaction_times(definition, training))
    later = gather_histories(holdout[roles.user], holdout_codes, interaction_times(definition, holdout))
    seen = {user: histories.get(user, np.empty(0, np.int64)) for user in _sample(sorted(later))}
    chosen = {user: new for user in seen if len(new := np.setdiff1d(later[user], seen[user]))}
    return Questions(
        users=tuple(chosen),
        items=tuple(items.tolist()),
        seen=[seen[user] for user in chosen],
        chosen=list(chosen.values()),
        interactions=np.bincount(training_codes, minlength=len(items)),
    )


def _sample(users: list[str]) -> list[str]:
    if len(users) <= MAX_QUESTIONED_USERS:
        return users
    hashes = row_hashes({"user": np.array(users, dtype=object)}, ("user",))
    return [users[index] for index in np.sort(np.argsort(hashes, kind="stable")[:MAX_QUESTIONED_USERS])]
