"""The time of one recommendation, beside `implicit`'s own `recommend()` in the same process.

Both get a history of 50 items and answer with 10. Calls are interleaved, so that a busy machine slows both. Without
`implicit` only our times and numpy's product with selection of the best are measured.
"""

from __future__ import annotations

import os
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from benchmarks.result import Group, Part, Row
from refrain.model.onnx import open_graph
from refrain.recommenders.factors import Factors
from refrain.recommenders.neighbours import Neighbours
from refrain.recommenders.onnx_graph import Graph, add_ranking, add_start

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from benchmarks.result import Kind
    from refrain.recommenders.onnx_graph import Scored

CATALOGUES = {10_000: "no slower than implicit", 100_000: "≤ 0.5 × implicit"}
PEER = "implicit's recommend(), 64 factors"
FACTORS, NEIGHBOURS, HISTORY, K = 64, 400, 50, 10
CALLS, WARM = 400, 40

type Answer = Callable[[], Any]


def measure() -> Part:
    """Measure one user of 50 items against 10,000 and 100,000 items."""
    groups = tuple(_compare(items, goal) for items, goal in CATALOGUES.items())
    has_peer = any(row.kind == "peer" for group in groups for row in group.rows)
    return Part(
        name="recommending",
        title="One recommendation for a user with a history of 50 items",
        groups=groups,
        skipped=() if has_peer else ("implicit's recommend(): implicit is not installed",),
        notes=("The graph alone, from codes to codes: history, exclusion, the best ten. Weights are random.",),
    )


def _compare(items: int, goal: str) -> Group:
    random = np.random.default_rng(7)
    history = random.permutation(items)[:HISTORY]
    points = random.normal(scale=0.1, size=(items, FACTORS)).astype(np.float32)
    factors, neighbours = Factors.of(points, 1.0), _neighbours(random, items)
    answers: dict[tuple[str, Kind], Answer] = {
        ("numpy: product and the best ten", "floor"): _numpy(points, history),
        (f"Refrain, {NEIGHBOURS} neighbours an item", "ours"): _ours(neighbours.add_scores, items, history),
        (f"Refrain, {FACTORS} factors", "ours"): _ours(factors.add_scores, items, history),
    }
    implicit = _implicit(points, history)
    if implicit is not None:
        answers[PEER, "peer"] = implicit
    rows = tuple(Row(name, kind, *figures) for (name, kind), figures in _timed(answers).items())
    return Group(f"{items:,} items", "µs", rows, floor=PEER if implicit else rows[0].name, goal=goal)


def _numpy(points: NDArray[np.float32], history: NDArray[np.int64]) -> Answer:
    user = points[history].mean(axis=0)

    def answer() -> NDArray[np.int64]:
        scores = points @ user
        scores[history] = -np.inf
        best = np.argpartition(-scores, K)[:K]
        return best[np.argsort(-scores[best])]

    return answer


def _ours(add_scores: Callable[[Graph, str], Scored], items: int, history: NDArray[np.int64]) -> Answer:
    shares = np.full(items, 1 / items, dtype=np.float32)
    graph = Graph()
    add_ranking(graph, add_scores(graph, add_start(graph, np.zeros_like(shares), shares)))
    loaded = open_graph("bench", graph.model())
    inputs = {"history": history[None], "exclude": history[None], "within": np.array([[-1]]), "k": np.array([K])}
    return lambda: loaded.run(["items", "scores"], inputs)


def _neighbours(random: np.random.Generator, items: int) -> Neighbours:
    """Make random neighbours; as in a large catalogue, those of an item are anywhere in it."""
    targets = np.sort(random.integers(0, items, (items + 1, NEIGHBOURS)), axis=1)
    weights = random.random((items + 1, NEIGHBOURS)).astype(np.float16)
    weights[-1] = 0
    return Neighbours(targets.astype(np.uint16 if items <= np.iinfo(np.uint16).max else np.int32), weights)


def _implicit(points: NDArray[np.float32], history: NDArray[np.int64]) -> Answer | None:
    """Return a call of `implicit` for a known user, so that it need not fold in the history."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from implicit.cpu.als import AlternatingLeastSquares
    except ImportError:
        return None
    model = AlternatingLeastSquares(factors=points.shape[1], num_threads=1)
    model.item_factors, model.user_factors = points, points[history].mean(axis=0, keepdims=True)
    seen = csr_matrix(
        csr_array((np.ones(HISTORY, np.float32), (np.zeros(HISTORY, int), history)), shape=(1, len(points)))
    )
    return lambda: model.recommend(0, seen, N=K)


def _timed(answers: Mapping[tuple[str, Kind], Answer]) -> dict[tuple[str, Kind], tuple[float, float, float]]:
    """Return median, tenth and ninetieth percentile in microseconds."""
    seconds: dict[tuple[str, Kind], list[float]] = {name: [] for name in answers}
    for call in range(WARM + CALLS):
        for name, answer in answers.items():
            start = perf_counter()
            answer()
            if call >= WARM:
                seconds[name].append(perf_counter() - start)
    figures = {}
    for name, taken in seconds.items():
        low, middle, high = (float(percentile) for percentile in np.percentile(np.array(taken) * 1e6, [10, 50, 90]))
        figures[name] = (middle, low, high)
    return figures
