"""Slices of requests that a recommender ranks at a time, bounded by the bytes that its graph takes for them.

What a graph takes is a product of requests, items of their histories and items of the catalogue, so no count of
requests bounds it. Small slices are also faster, since what a graph gathers stays in the processor's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from refrain.errors import RankingTooLong

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    type CodeLists = Sequence[NDArray[np.int64]]

MAX_SLICE_BYTES = 8_000_000
"""What the graph may take for a slice; a single request may take more."""

MAX_RANKED_BYTES = 12_000_000_000
"""What the slices of a caller's request may take together: nine seconds of a processor in the slowest graphs."""

SCORES_BYTES = 24
"""For each request and item of the catalogue: the scores that a graph starts from, adds to and ranks."""

LISTED_BYTES = 16
"""For each item of `exclude` and `within`: its code, and what the graph makes of it."""

GATHERED_SHARE = 5
"""For each item of a history, so many times what the graph keeps of one item: neighbours are widened to add them."""


@dataclass(frozen=True)
class RankingCost:
    """What a graph of `graph_bytes` takes to rank `items`.

    Lists of codes are the history, `exclude` and `within` of each request.
    """

    items: int
    graph_bytes: int

    def check(self, *lists: CodeLists) -> None:
        """Raise `RankingTooLong` for requests that would keep their caller waiting for too long."""
        needed = self._bytes(_lengths(lists))
        if needed.sum() > MAX_RANKED_BYTES:
            raise RankingTooLong(len(needed), int(MAX_RANKED_BYTES // needed.max()))

    def slices(self, *lists: CodeLists) -> Iterator[list[int]]:
        """Yield the requests of each slice, those with short lists first: each is padded to the longest ones."""
        lengths = _lengths(lists)
        chosen: list[int] = []
        longest = np.zeros(len(lists), np.int64)
        for request in np.argsort(self._bytes(lengths), kind="stable").tolist():
            padded = np.maximum(longest, lengths[:, request])
            if chosen and self._bytes(padded) * (len(chosen) + 1) > MAX_SLICE_BYTES:
                yield chosen
                chosen, padded = [], lengths[:, request]
            chosen.append(request)
            longest = padded
        if chosen:
            yield chosen

    def _bytes(self, lengths: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the bytes of one request, or of each column of `lengths`."""
        of_history = GATHERED_SHARE * self.graph_bytes // self.items
        listed: NDArray[np.int64] = np.array([of_history, LISTED_BYTES, LISTED_BYTES]) @ lengths
        return listed + SCORES_BYTES * self.items


def _lengths(lists: Sequence[CodeLists]) -> NDArray[np.int64]:
    return np.array([[len(codes) for codes in rows] for rows in lists], np.int64)
