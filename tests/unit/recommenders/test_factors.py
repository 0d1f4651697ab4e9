"""Large catalogues are scored roughly first: the lists are those of exact scores for factors of any shape."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
import pytest
from onnx import helper

from refrain.recommenders.factors import Factors
from refrain.recommenders.onnx_graph import Graph, add_ranking, add_start
from refrain.recommenders.top_k import rank_items
from tests.unit.recommenders.interactions import answer, masked, padded, same_lists

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

ITEMS = 4000

type Draw = np.random.Generator


def _alike(draw: Draw, factors: int) -> NDArray[np.float64]:
    return draw.normal(size=factors) + 1e-3 * draw.normal(size=(ITEMS, factors))


def _twins(draw: Draw, factors: int) -> NDArray[np.float64]:
    return draw.normal(size=(40, factors))[draw.integers(0, 40, ITEMS)]


def _lopsided(draw: Draw, factors: int) -> NDArray[np.float64]:
    items = draw.normal(size=(ITEMS, factors))
    items[:, 0] = 100
    return items


def _uneven(draw: Draw, factors: int) -> NDArray[np.float64]:
    return draw.normal(size=(ITEMS, factors)) * draw.lognormal(0, 3, (ITEMS, 1))


KINDS: dict[str, Callable[[Draw, int], NDArray[np.float64]]] = {
    "usual": lambda draw, factors: draw.normal(size=(ITEMS, factors)),
    "nearly alike": _alike,
    "many twins": _twins,
    "one factor above all": _lopsided,
    "heavy and light": _uneven,
    "wild coordinates": lambda draw, factors: draw.standard_cauchy((ITEMS, factors)),
    "nothing": lambda _, factors: np.zeros((ITEMS, factors)),
}


def exported(fitted: Factors) -> bytes:
    """Return the whole graph; the first items are popular."""
    graph = Graph()
    popularity = np.linspace(1, 0, len(fitted.outside), dtype=np.float32)
    add_ranking(graph, fitted.add_scores(graph, add_start(graph, np.zeros_like(popularity), popularity)))
    return graph.model()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(("factors", "size", "k"), [(1, 1.0, 10), (8, 1e5, 100), (64, 1e-6, 1), (130, 1.0, 10)])
def test_the_best_of_a_large_catalogue_are_never_lost(
    kind: str, factors: int, size: float, k: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refrain.recommenders.factors.MAX_EXACT_ITEMS", ITEMS - 1)
    draw = np.random.default_rng(factors)
    fitted = Factors.of((size * KINDS[kind](draw, factors)).astype(np.float32), size**2)
    graph = exported(fitted)
    rows = [draw.choice(ITEMS, length, replace=False) for length in (1, 3, 50)]
    few, every = draw.choice(ITEMS, 300, replace=False), np.array([], np.int64)
    for histories, within in ((rows[:1], [every]), (rows, [every, few, every])):
        asked, allowed = padded(histories), padded(within, 300)

        answered = answer(graph, asked, k, asked, allowed)

        expected = rank_items(masked(fitted.scores(histories), asked, allowed), k)
        folded = max(np.linalg.norm(fitted.inside[history].sum(axis=0)) for history in histories)
        same_lists(expected, answered, float(folded * np.linalg.norm(fitted.outside, axis=1).max()))


def inner(graph: bytes, history: NDArray[np.int64], *names: str) -> list[NDArray[Any]]:
    """Ask for values that the graph keeps to itself."""
    model = onnx.load_from_string(graph)
    model.graph.output.extend(helper.make_empty_tensor_value_info(name) for name in names)
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    none = np.full((1, 1), -1)
    values: list[NDArray[Any]] = session.run(
        names, {"history": history, "exclude": none, "within": none, "k": np.array([10])}
    )
    return values


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("factors", [1, 16, 130])
def test_no_score_exceeds_its_bound(kind: str, factors: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("refrain.recommenders.factors.MAX_EXACT_ITEMS", ITEMS - 1)
    draw = np.random.default_rng(factors)
    fitted = Factors.of(KINDS[kind](draw, factors).astype(np.float32), 1.0)
    history = draw.choice(ITEMS, (1, 50), replace=False)
    bounds, scale = inner(exported(fitted), history, "bounds", "history_scale")
    folded = fitted.inside[history[0]].sum(axis=0, dtype=np.float64)
    rounding = 1e-6 * np.abs(folded) @ np.abs(fitted.outside.T)
    assert (bounds[0, :-1] * float(scale[0, 0]) >= folded @ fitted.outside.T - rounding).all()


@pytest.mark.parametrize(("kind", "expected"), [("usual", False), ("nearly alike", True)])
def test_all_items_are_scored_only_where_the_bounds_leave_a_doubt(
    kind: str, expected: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refrain.recommenders.factors.MAX_EXACT_ITEMS", ITEMS - 1)
    draw = np.random.default_rng(1)
    fitted = Factors.of(KINDS[kind](draw, 64).astype(np.float32), 1.0)
    (doubt,) = inner(exported(fitted), draw.choice(ITEMS, (1, 50)), "doubt")
    assert doubt == expected
