"""The protocols of the Last.fm data (README there): the interactions, the questions, and the right answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from hashlib import blake2b
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array

from refrain.recommenders import Interactions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from refrain.recommenders import Recommender

FOLDER = Path(__file__).parents[4] / "shared" / "data" / "lastfm"

type Histories = Mapping[int, Sequence[int]]


@dataclass(frozen=True)
class Protocol:
    """Histories to learn from and to ask with, and what is to be found, all in codes by falling popularity."""

    interactions: Interactions
    histories: list[NDArray[np.int64]]
    wanted: list[NDArray[np.int64]]

    @classmethod
    def of(cls, learned: Histories, asked: Histories, wanted: Histories) -> Protocol:
        """Give the items of `learned` codes; the rest of `wanted` can never be found and is -1."""
        item_users: dict[int, int] = {}
        for row in learned.values():
            for item in row:
                item_users[item] = item_users.get(item, 0) + 1
        ordered = sorted(item_users, key=lambda item: (-item_users[item], blake2b(str(item).encode()).digest()))
        codes = {item: code for code, item in enumerate(ordered)}
        rows = [[codes[item] for item in row] for row in learned.values()]
        users = np.repeat(np.arange(len(rows)), [len(row) for row in rows])
        weights = csr_array(
            (np.ones(len(users), dtype=np.float32), (users, np.concatenate(rows).astype(int))),
            shape=(len(rows), len(codes)),
        )
        interactions = Interactions(weights, np.full(weights.nnz, np.nan), np.nan)
        histories = [
            np.array([codes[item] for item in asked[user] if item in codes], dtype=np.int64) for user in wanted
        ]
        answers = [np.array([codes.get(item, -1) for item in row]) for row in wanted.values()]
        return cls(interactions, histories, answers)

    def ndcg(self, fitted: Recommender, k: int = 10) -> float:
        """Return NDCG@k, the mean over users."""
        items, _ = fitted.recommend(self.histories, k)
        gains = 1 / np.log2(np.arange(2, k + 2))
        found = [
            (np.isin(row, wanted[wanted >= 0]) * gains).sum() / gains[: len(wanted)].sum()
            for row, wanted in zip(items, self.wanted, strict=True)
        ]
        return float(np.mean(found))

    def hits(self, fitted: Recommender, k: int = 10) -> float:
        """Return HR@k: for how many the one wanted item is there."""
        items, _ = fitted.recommend(self.histories, k)
        return float(np.mean([wanted[0] in row for row, wanted in zip(items, self.wanted, strict=True)]))


def split(learned: Sequence[str], asked: Sequence[str], wanted: str) -> Protocol:
    """Make the protocol of `split/`, from its parts train, valid and test."""

    def joined(names: Sequence[str]) -> dict[int, list[int]]:
        rows: dict[int, list[int]] = {}
        for name in names:
            for user, row in read(FOLDER / "split" / f"{name}.txt").items():
                rows.setdefault(user, []).extend(row)
        return rows

    return Protocol.of(joined(learned), joined(asked), joined([wanted]))


def sequences(*, timed: bool = False) -> Protocol:
    """Make the protocol of `sequences/`: the last item is to be found. With times, those before lie a minute apart."""
    rows = read(FOLDER / "sequences" / "LastFM.txt")
    histories = {user: row[:-1] for user, row in rows.items()}
    protocol = Protocol.of(histories, histories, {user: [row[-1]] for user, row in rows.items()})
    if not timed:
        return protocol
    weights = protocol.interactions.weights
    places = weights.copy()
    for user, history in enumerate(protocol.histories):
        minutes = dict(zip(history.tolist(), range(1, len(history) + 1), strict=True))
        row = slice(weights.indptr[user], weights.indptr[user + 1])
        places.data[row] = [minutes[code] for code in weights.indices[row].tolist()]
    times = 60.0 * places.data.astype(np.float64)
    return replace(protocol, interactions=Interactions(weights, times, float(times.max())))


def thinned(share: float = 0.25, least: int = 5) -> Protocol:
    """Make a sparse set of all pairs of `split/`: a `share` of them, of which a random fifth is to be found.

    Users and items with fewer than `least` pairs are left out, again and again.
    """
    draw = np.random.default_rng(0)
    rows = [read(FOLDER / "split" / f"{name}.txt") for name in ("train", "valid", "test")]
    pairs = np.array(sorted({(user, item) for part in rows for user, row in part.items() for item in row}))
    pairs = pairs[draw.random(len(pairs)) < share]
    while not (kept := np.all([np.bincount(side)[side] >= least for side in pairs.T], axis=0)).all():
        pairs = pairs[kept]
    wanted = draw.random(len(pairs)) < 0.2
    learned, asked = (_histories(pairs[side]) for side in (~wanted, wanted))
    return Protocol.of(learned, learned, {user: row for user, row in asked.items() if user in learned})


def _histories(pairs: NDArray[np.int64]) -> dict[int, list[int]]:
    rows: dict[int, list[int]] = {}
    for user, item in pairs.tolist():
        rows.setdefault(user, []).append(item)
    return rows


def read(path: Path) -> dict[int, list[int]]:
    """Read a line a user: the user, then items; users without items are left out."""
    rows = (list(map(int, line.split())) for line in path.read_text().splitlines())
    return {row[0]: row[1:] for row in rows if len(row) > 1}
