"""Interactions and questions for tests, small and random, and the graph as a function."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnxruntime
from hypothesis import strategies as st
from scipy.sparse import csr_array

from refrain.recommenders import Interactions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


DAY = 86_400.0

type Codes = NDArray[np.int64]
type Found = tuple[NDArray[np.int64], NDArray[np.float32]]


def make_interactions(
    amounts: NDArray[Any] | Sequence[Sequence[float]], days_ago: NDArray[np.float64] | None = None
) -> Interactions:
    """Interactions of a dense matrix [users, items]; `days_ago` has the same shape."""
    weights = csr_array(np.asarray(amounts, dtype=np.float32))
    if days_ago is None:
        return Interactions(weights, np.full(weights.nnz, np.nan), np.nan)
    now = 1_000 * DAY
    users, items = weights.nonzero()
    times = now - days_ago[users, items] * DAY
    return Interactions(weights, times, float(times.max()))


def random_interactions(seed: int, users: int = 60, items: int = 30) -> Interactions:
    """Interactions of users with tastes: two groups of items, popular ones first in each."""
    random = np.random.default_rng(seed)
    group = random.integers(0, 2, users)[:, None] == np.arange(items) % 2
    chance = np.where(group, 0.9, 0.15) / np.sqrt(1 + np.arange(items) / 3)
    amounts = (random.random((users, items)) < chance) * random.integers(1, 9, (users, items))
    amounts[:, 0] += 1
    return make_interactions(amounts, random.integers(0, 90, (users, items)).astype(np.float64))


def permuted(interactions: Interactions, order: Codes) -> Interactions:
    """The same interactions, the item of code `order[i]` now having the code i."""
    dense = np.zeros(interactions.weights.shape)
    dense[interactions.weights.nonzero()] = interactions.times
    weights = csr_array(interactions.weights.toarray()[:, order])
    return Interactions(weights, dense[:, order][weights.nonzero()], interactions.now)


def padded(rows: Sequence[Codes], width: int | None = None) -> Codes:
    """Rows of codes side by side, -1 where there is none."""
    width = max(map(len, rows)) if width is None else width
    table = np.full((len(rows), width), -1, dtype=np.int64)
    for row, codes in zip(table, rows, strict=True):
        row[: len(codes)] = codes
    return table


def answer(graph: bytes, history: Codes, k: int, exclude: Codes | None = None, within: Codes | None = None) -> Found:
    """Ask the graph as serving does; nothing is excluded unless it is said."""
    none = np.full((len(history), 1), -1, dtype=np.int64)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    session = onnxruntime.InferenceSession(graph, options, providers=["CPUExecutionProvider"])
    asked = {
        "history": history,
        "exclude": none if exclude is None else exclude,
        "within": none if within is None else within,
        "k": np.array([k]),
    }
    items, scores = session.run(["items", "scores"], asked)
    return items, scores


def same_lists(expected: Found, found: Found, size: float = 0.0) -> None:
    """Assert that two answers are the same, up to the order of items whose scores are equal but for rounding.

    `size` is that of the model's scores, where the lists may hold nothing but what cancels out.
    """
    size = max(size, np.abs(np.where(np.isfinite(expected[1]), expected[1], 0)).max(initial=1e-9))
    np.testing.assert_allclose(found[1], expected[1], rtol=1e-5, atol=1e-6 * size)
    for items, other, scores in zip(expected[0], found[0], expected[1], strict=True):
        for place in np.flatnonzero(items != other):
            twins = np.isclose(scores, scores[place], rtol=1e-5, atol=1e-6 * size)
            last = np.isclose(scores[-1], scores[place], rtol=1e-5, atol=1e-6 * size)
            assert last or other[place] in items[twins], (items, other, scores)


def masked(scores: NDArray[np.float32], exclude: Codes, within: Codes) -> NDArray[np.float32]:
    """What the graph says that it does, said by numpy."""
    allowed = np.ones_like(scores, dtype=bool)
    for row in range(len(scores)):
        only = within[row][within[row] >= 0]
        if len(only):
            allowed[row] = np.isin(np.arange(scores.shape[1]), only)
        allowed[row, exclude[row][exclude[row] >= 0]] = False
    return np.where(allowed, scores, -np.inf)


@st.composite
def questions(draw: st.DrawFn, items: int) -> tuple[Codes, Codes, Codes, int]:
    """History, exclude, within (each code once a row, padding anywhere) and k."""
    requests = draw(st.integers(1, 4))

    def codes() -> Codes:
        width = draw(st.integers(1, 8))
        row = st.permutations(range(-width, items)).map(lambda order: [max(code, -1) for code in order[:width]])
        return np.array(draw(st.lists(row, min_size=requests, max_size=requests)), dtype=np.int64)

    history, exclude, within = codes(), codes(), codes()
    for table in (history, within):
        table[draw(st.lists(st.booleans(), min_size=requests, max_size=requests))] = -1
    return history, exclude, within, draw(st.integers(1, items + 3))
