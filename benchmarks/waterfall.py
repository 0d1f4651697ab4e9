"""Waterfalls of one real request and one real cold start, each the median one of several."""

from __future__ import annotations

import json
import time
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import income_model
from benchmarks.built_functions import built_functions
from benchmarks.prediction import DiscardedOutput
from benchmarks.request import STAGES
from benchmarks.result import Part, Span, Trace
from local.processes import FunctionProcess
from refrain.fast_path.answer_json import AnswerWriter
from refrain.serving.http import routes, v1
from refrain.serving.http.requests import HttpRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from benchmarks.built_functions import BuiltFunctions

TITLE = "Waterfalls"
CALLS = 5000
STARTS = 9
AROUND = "predict"
WATCHED: tuple[tuple[str, Any, str], ...] = (
    ("read the event", HttpRequest, "of"),
    *STAGES,
    (AROUND, v1, "predict"),
    ("write the numbers", AnswerWriter, "numbers"),
    ("hand it over", routes.Answer, "proxy"),
)

SHOWN = 1.5
"""Milliseconds from which an import is drawn."""

OURS = ("app", "refrain", "preprocessing")


def measure() -> Part:
    """Trace a request and a cold start."""
    return Part("waterfall", TITLE, (), traces=(_request(), _cold()))


def _request() -> Trace:
    """Trace a request of one instance by logistic regression inside the handler."""
    answer, events = income_model.make_handler(income_model.train_version("logistic")), income_model.predict_events(1)
    with redirect_stdout(DiscardedOutput()), traced_stages() as tracer:
        traces = []
        for _ in range(CALLS):
            tracer.spans = []
            started = time.perf_counter_ns()
            answer(next(events))
            traces.append([Span("one request", started, time.perf_counter_ns()), *tracer.spans])
    taken = median_trace(traces)
    origin = taken[0].start
    spans = [replace(span, start=(span.start - origin) / 1e3, end=(span.end - origin) / 1e3) for span in taken]
    outer, inner = replace(spans[0], kind="around"), [replace(span, depth=span.depth + 1) for span in spans[1:]]
    inner = [replace(span, kind="around") if span.name == AROUND else span for span in inner]
    why = (
        f"The median one of {CALLS:,} requests of one instance of 14 columns, logistic regression, everything on. Grey "
        "bars hold the blue ones. Recording a bar takes about a third of a microsecond, most of it outside the bar."
    )
    return Trace(
        "request",
        "One warm request, inside the handler",
        "µs",
        tuple(sorted([outer, *inner], key=lambda span: (span.start, -span.end))),
        why,
    )


@dataclass
class Tracer:
    """Records spans in nanoseconds; `depth` is the current nesting."""

    spans: list[Span] = field(default_factory=list)
    depth: int = 0

    def watching(self, name: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """Make a function record its times."""

        def call(*arguments: Any, **named: Any) -> Any:
            depth = self.depth
            self.depth = depth + 1
            started = time.perf_counter_ns()
            result = function(*arguments, **named)
            ended = time.perf_counter_ns()
            self.depth = depth
            self.spans.append(Span(name, started, ended, depth))
            return result

        return call


@contextmanager
def traced_stages() -> Iterator[Tracer]:
    """Record every stage of a request while the block runs."""
    tracer = Tracer()
    originals = [(holder, name, holder.__dict__[name]) for _, holder, name in WATCHED]
    for title, holder, name in WATCHED:
        watching = tracer.watching(title, getattr(holder, name))
        # A class method is bound to its class already.
        setattr(holder, name, staticmethod(watching) if isinstance(holder.__dict__[name], classmethod) else watching)
    try:
        yield tracer
    finally:
        for holder, name, original in originals:
            setattr(holder, name, original)


def median_trace(traces: Sequence[list[Span]]) -> list[Span]:
    """Return the trace whose first span has the median length."""
    return sorted(traces, key=lambda trace: trace[0].end - trace[0].start)[len(traces) // 2]


def _cold() -> Trace:
    """Trace a process of the built package from its start to its first answer, with a model from S3."""
    with built_functions() as functions:
        starts = [_started(functions, number) for number in range(STARTS)]
    spans, garbage = sorted(starts, key=lambda start: start[0][0].end)[STARTS // 2]
    why = (
        f"The median one of {STARTS} starts of the built package. Imports of {SHOWN:g} ms or more are orange, steps "
        "are blue, and grey bars hold the others. S3 is moto in a process of its own; the four files are fetched at "
        f"once. Long garbage collections are crimson; all of them take {garbage:.0f} ms. Recording adds some "
        "milliseconds."
    )
    return Trace("cold", "A cold start, process start to first answer", "ms", tuple(spans), why)


def _started(functions: BuiltFunctions, number: int) -> tuple[list[Span], float]:
    """Trace a start; return its spans and the milliseconds of garbage collection."""
    path = functions.logs / f"trace-{number}.json"
    inference = functions.inference
    function = replace(
        inference,
        python=(*inference.python, str(Path(__file__).with_name("traced_start.py"))),
        environment={**inference.environment, "TRACE": str(path)},
    )
    event = json.dumps(next(income_model.predict_events(1))).encode()
    started = time.monotonic_ns()
    process = FunctionProcess(function, functions.logs / "traced.log", functions.logs / "tmp")
    answer = process.call(event)
    ended = time.monotonic_ns()
    process.stop()
    if answer.failed or not path.exists():
        raise RuntimeError(answer.payload.decode()[:500])
    document = json.loads(path.read_text(encoding="utf-8"))
    garbage = sum(note["to"] - note["from"] for note in document["spans"] if note["kind"] == "garbage") / 1e6
    return cold_spans(document, started, ended), garbage


def cold_spans(document: dict[str, Any], started: int, ended: int) -> list[Span]:
    """Convert recorded nanoseconds to spans in milliseconds, with only the outermost import of a package."""

    def span(name: str, start: int, end: int, depth: int, kind: str) -> Span:
        return Span(name, (start - started) / 1e6, (end - started) / 1e6, depth, kind)

    noted = [
        (span(note["name"], note["from"], note["to"], 0, note["kind"]), note["aside"])
        for note in document["spans"]
        if note["kind"] == "step" or note["to"] - note["from"] >= SHOWN * 1e6
    ]
    noted.sort(key=lambda pair: (pair[0].start, -pair[0].end))
    spans = [span("process start to first answer", started, ended, 0, "around")]
    spans.append(span("the interpreter starts", started, document["began"], 1, "step"))
    return [*spans, *_nested(noted)]


def _nested(spans: Sequence[tuple[Span, bool]]) -> Iterator[Span]:
    """Set the depth of each span by the spans around it; a span of another thread holds none."""
    inside: list[Span] = []
    for span, aside in spans:
        inside = [outer for outer in inside if outer.end >= span.end]
        packages = [outer.name for outer in inside if outer.kind == "import"]
        name = _package(span.name) if span.kind == "import" else span.name
        if span.kind == "import" and packages and packages[-1] == name:
            continue
        shown = replace(span, name=name, depth=len(inside) + 1)
        if not aside:
            inside.append(shown)
        yield replace(shown, name=f"import {name}") if span.kind == "import" else shown


def _package(module: str) -> str:
    top = module.partition(".")[0]
    return "our own code" if top in OURS else top
