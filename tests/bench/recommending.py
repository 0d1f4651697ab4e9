"""How long one request takes, beside `implicit`'s own `recommend()` in the same process.

    python -m tests.bench.recommending

Both sides get one history of 50 items and answer with 10; calls are interleaved, so that a busy machine is busy for
both. Without `implicit` installed there are our times only.
"""

from __future__ import annotations

import json
import os
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.sparse import csr_array, csr_matrix

from refrain.graphs import session
from refrain.recommenders.factors import Factors
from refrain.recommenders.graph import Graph, add_ranking, add_start
from refrain.recommenders.neighbours import Neighbours

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from refrain.recommenders.graph import Scored

CATALOGUES = (10_000, 100_000)
FACTORS, NEIGHBOURS, HEARD, K = 64, 400, 50, 10
CALLS, WARM = 400, 40

type Answer = Callable[[], Any]


def measure() -> dict[str, dict[str, float]]:
    """Return for each size of catalogue the medians in microseconds, and ours as ratios to `implicit`'s."""
    return {str(items): _compare(items) for items in CATALOGUES}


def _compare(items: int) -> dict[str, float]:
    random = np.random.default_rng(7)
    history = random.permutation(items)[:HEARD]
    points = random.normal(scale=0.1, size=(items, FACTORS)).astype(np.float32)
    factors, neighbours = Factors.of(points, 1.0), _neighbours(random, items)
    answers: dict[str, Answer] = {
        "neighbours": _ours(neighbours.add_scores, items, history),
        "factors": _ours(factors.add_scores, items, history),
    }
    implicit = _implicit(points, history)
    if implicit is not None:
        answers["implicit"] = implicit
    return _ratios(_medians(answers))


def _ours(add_scores: Callable[[Graph, str], Scored], items: int, history: NDArray[np.int64]) -> Answer:
    shares = np.full(items, 1 / items, dtype=np.float32)
    graph = Graph()
    add_ranking(graph, add_scores(graph, add_start(graph, np.zeros_like(shares), shares)))
    loaded = session("bench", graph.model())
    asked = {"history": history[None], "exclude": history[None], "within": np.array([[-1]]), "k": np.array([K])}
    return lambda: loaded.run(["items", "scores"], asked)


def _neighbours(random: np.random.Generator, items: int) -> Neighbours:
    """Random ones, as in a large catalogue: each item's are anywhere in it."""
    targets = np.sort(random.integers(0, items, (items + 1, NEIGHBOURS)), axis=1)
    weights = random.random((items + 1, NEIGHBOURS)).astype(np.float16)
    weights[-1] = 0
    return Neighbours(targets.astype(np.uint16 if items <= np.iinfo(np.uint16).max else np.int32), weights)


def _implicit(points: NDArray[np.float32], history: NDArray[np.int64]) -> Answer | None:
    """Return a call of `implicit` for a known user, so that it folds no history in (which would cost it more)."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    try:
        from implicit.cpu.als import AlternatingLeastSquares  # type: ignore[import-not-found]
    except ImportError:
        return None
    model = AlternatingLeastSquares(factors=points.shape[1], num_threads=1)
    model.item_factors, model.user_factors = points, points[history].mean(axis=0, keepdims=True)
    heard = csr_matrix(csr_array((np.ones(HEARD, np.float32), (np.zeros(HEARD, int), history)), shape=(1, len(points))))
    return lambda: model.recommend(0, heard, N=K)


def _medians(answers: Mapping[str, Answer]) -> dict[str, float]:
    seconds: dict[str, list[float]] = {name: [] for name in answers}
    for call in range(WARM + CALLS):
        for name, answer in answers.items():
            start = perf_counter()
            answer()
            if call >= WARM:
                seconds[name].append(perf_counter() - start)
    return {f"{name}_us": round(float(np.median(taken)) * 1e6, 1) for name, taken in seconds.items()}


def _ratios(medians: dict[str, float]) -> dict[str, float]:
    if "implicit_us" not in medians:
        return medians
    ours = [name for name in medians if name != "implicit_us"]
    return medians | {
        f"{name.removesuffix('_us')}_ratio": round(medians[name] / medians["implicit_us"], 3) for name in ours
    }


if __name__ == "__main__":
    print(json.dumps(measure(), indent=2))
