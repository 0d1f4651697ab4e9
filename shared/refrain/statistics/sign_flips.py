"""Is a sum of gains more than chance? Of equal models, either may be the better one in each unit.

So the signs of the units' gains are flipped at random, many times: the flipped sums are what chance would show (Fisher,
The design of experiments, 1935; for few dependent units Canay, Romano & Shaikh, Randomization tests under an
approximate symmetry assumption, 2017). Nothing is assumed of their distribution. For hits and misses it is McNemar's
exact test.
"""

from __future__ import annotations

import zlib
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from refrain.arrays import Floats

HELD_FLIPS = 1024
"""Flips in memory at once; fewer are never drawn."""
TIE = 0.05
"""Sums of few discrete gains are equal but for the small terms of a metric that is no mean: so near is a tie."""
MAX_EXCESS = 1.2
"""Ties count half, as long as the exact error exceeds the nominal one by no more than this: 6 % instead of 5 %."""


def flip_sums(sums: Floats, differing: NDArray[np.bool_], alpha: float) -> Floats:
    """Return what `sums` [units, columns] add up to with flipped signs [flips, columns]; in the first flip, with none.

    The sizes of the sums, not their signs, seed the draw: the same data shows the same, and no fixed draw makes all
    runs too sure. The smaller the error `alpha`, the more flips it takes to tell it. Where few units are `differing`,
    all flips of these are listed, so that the test is exact.

    >>> flip_sums(np.array([[1.0], [2.0], [0.0]]), np.array([True, True, False]), 0.05)[:4].ravel().tolist()
    [3.0, 1.0, -1.0, -3.0]
    """
    flips = max(HELD_FLIPS, 1 << int(np.ceil(np.log2(20 / alpha))))
    narrow = sums.astype(np.float32)
    seed = zlib.crc32(np.abs(narrow).tobytes())
    flipped = np.concatenate([which @ narrow for which in _draw_flips(flips, differing, seed)]).astype(np.float64)
    return sums.sum(axis=0) - 2 * flipped


def _draw_flips(flips: int, differing: NDArray[np.bool_], seed: int) -> Iterator[NDArray[np.float32]]:
    """Yield blocks [flips of the block, units] of 1 where a sign is flipped, else 0."""
    random, units, few = np.random.default_rng(seed), len(differing), int(differing.sum())
    for start in range(0, flips, HELD_FLIPS):
        count = HELD_FLIPS * units
        bits = np.unpackbits(np.frombuffer(random.bytes(-(-count // 8)), np.uint8), count=count)
        which = bits.reshape(HELD_FLIPS, units).astype(np.float32)
        if 2**few <= flips:
            which[:, differing] = np.arange(start, start + HELD_FLIPS)[:, np.newaxis] >> np.arange(few) & 1
        if not start:
            which[0] = 0
        yield which


def chance_of(flipped: Floats, observed: float) -> float:
    """Return the probability that chance shows as much as `observed`; `flipped` are the sums [flips] of chance.

    Ties count half (mid-p; Lancaster, Significance tests in discrete distributions, 1961), but never so that the exact
    error exceeds the nominal one by more than a fifth.

    >>> four = flip_sums(np.ones((4, 1)), np.ones(4, bool), 0.05)[:, 0]
    >>> round(chance_of(four, 4.0), 4), round(chance_of(four, 2.0), 4)
    (0.0521, 0.2604)
    """
    reached, beyond = (int(np.count_nonzero(flipped >= observed + side)) / len(flipped) for side in (-TIE, TIE))
    return max((reached + beyond) / 2, reached / MAX_EXCESS)
