"""A trace records nested spans and leaves the code as it was."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from benchmarks.result import Span
from benchmarks.traced_start import STEPS
from benchmarks.waterfall import WATCHED, cold_spans, traced_stages

MILLISECOND = 1_000_000


def noted(kind: str, name: str, start: float, end: float, *, aside: bool = False) -> dict[str, Any]:
    """What a process notes, in its own nanoseconds; it was started at 1,000 ms of them."""
    times = {"from": int((1000 + start) * MILLISECOND), "to": int((1000 + end) * MILLISECOND)}
    return {"kind": kind, "name": name, "aside": aside, **times}


def spans(*noted_spans: dict[str, Any]) -> list[tuple[str, int]]:
    """Names and depths of all but the two that are always there."""
    document = {"began": 1020 * MILLISECOND, "spans": list(noted_spans)}
    return [(span.name, span.depth) for span in cold_spans(document, 1000 * MILLISECOND, 1200 * MILLISECOND)[2:]]


def test_a_cold_start_begins_with_the_interpreter_and_ends_with_the_answer() -> None:
    document = {"began": 1020 * MILLISECOND, "spans": []}

    assert cold_spans(document, 1000 * MILLISECOND, 1200 * MILLISECOND) == [
        Span("process start to first answer", 0.0, 200.0, 0, "around"),
        Span("the interpreter starts", 0.0, 20.0, 1, "step"),
    ]


def test_a_span_that_ends_first_is_drawn_inside_the_other() -> None:
    inner, outer = noted("import", "numpy", 30, 60), noted("import", "app", 25, 90)

    assert spans(inner, outer) == [("import our own code", 1), ("import numpy", 2)]


def test_only_the_outermost_import_of_a_package_is_drawn() -> None:
    modules = [noted("import", name, start, 90) for name, start in (("app", 20), ("refrain.serving", 21))]
    modules += [noted("import", "numpy", 30, 60), noted("import", "numpy._core.multiarray", 35, 50)]

    assert spans(*modules) == [("import our own code", 1), ("import numpy", 2)]


def test_a_short_import_is_left_out_but_a_short_step_is_not() -> None:
    assert spans(noted("import", "re", 30, 30.1), noted("step", "predict", 40, 40.1)) == [("predict", 1)]


def test_parallel_spans_have_the_same_depth() -> None:
    reading = noted("step", "read the files", 100, 120)
    files = [noted("step", f"read {name}", start, 119, aside=True) for name, start in (("a", 101), ("b", 102))]

    assert spans(*files, reading) == [("read the files", 1), ("read a", 2), ("read b", 2)]


@pytest.mark.parametrize(("path", "function", "_"), STEPS)
def test_every_watched_step_of_a_cold_start_exists(path: str, function: str, _: str) -> None:
    module, _, inner = path.partition(":")
    holder = importlib.import_module(module)

    assert callable(getattr(getattr(holder, inner) if inner else holder, function))


def test_tracing_restores_the_original_functions() -> None:
    before = [holder.__dict__[name] for _, holder, name in WATCHED]

    with pytest.raises(ValueError, match="meanwhile"), traced_stages():
        assert all(holder.__dict__[name] is not was for (_, holder, name), was in zip(WATCHED, before, strict=True))
        raise ValueError("meanwhile")

    assert [holder.__dict__[name] for _, holder, name in WATCHED] == before


def test_a_watched_function_answers_as_before_and_its_depth_is_recorded() -> None:
    with traced_stages() as tracer:
        outer = tracer.watching("outer", lambda: tracer.watching("inner", lambda: 7)())

        assert outer() == 7

    assert [(span.name, span.depth) for span in tracer.spans] == [("inner", 1), ("outer", 0)]
