"""One prediction inside the handler with all features on, beside the graph alone and the tools of today."""

from __future__ import annotations

import io
import time
from contextlib import redirect_stdout
from typing import TYPE_CHECKING, Any

from benchmarks import income_model, peer_handlers
from benchmarks.installed import find_missing, missing_sentences
from benchmarks.result import Group, Part
from benchmarks.timing import MICROSECONDS, in_turn, summarise
from refrain.model.onnx import open_graph

if TYPE_CHECKING:
    from collections.abc import Callable

TITLE = "One prediction inside the handler"
SECONDS = 8.0
COLUMNS = "ONNX Runtime alone, one input a column"
GOAL = "≤ 60 µs on a quiet machine, and ≤ 3 × the graph with one input a column"


def measure() -> Part:
    """Time predictions of one instance of 14 columns by logistic regression and boosting."""
    groups = tuple(measure_group(candidate, 1) for candidate in ("logistic", "boosting"))
    return Part(
        "prediction",
        TITLE,
        groups,
        skipped=missing_sentences(find_missing(peer_handlers.REQUIRED_MODULES)),
        notes=NOTES,
    )


NOTES = (
    "Everything on: the handler parses the API Gateway event, validates, cleans and encodes the body, checks whether "
    "it is familiar, scores it, captures it as a line on standard output (discarded here), and answers as JSON. "
    "Metrics cost nothing more: the captured line carries the milliseconds and the unfamiliar features, and Lambda "
    "counts calls.",
    "ONNX Runtime alone has its input ready and its code in the processor's caches.",
)


def measure_group(candidate: str, rows: int, goal: str = GOAL, clock: Callable[[], float] = time.perf_counter) -> Group:
    """Time requests of so many instances."""
    with redirect_stdout(DiscardedOutput()):
        contenders = _contenders(candidate, rows)
        taken = in_turn({name: call for name, (_, call) in contenders.items()}, SECONDS, clock=clock)
    return Group(
        title=f"{candidate}, {rows:,} instance{'s' if rows > 1 else ''}",
        unit="µs",
        rows=tuple(summarise(name, kind, taken[name], MICROSECONDS) for name, (kind, _) in contenders.items()),
        floor=COLUMNS,
        goal=goal,
    )


class DiscardedOutput(io.TextIOBase):
    """Standard output that is discarded by the same system call."""

    def __init__(self) -> None:
        self._file = open("/dev/null", "w")  # noqa: PTH123, SIM115

    def write(self, text: str) -> int:
        """Discard a text."""
        return self._file.write(text)

    def flush(self) -> None:
        """Flush."""
        self._file.flush()


def _contenders(candidate: str, rows: int) -> dict[str, tuple[Any, Callable[[], object]]]:
    model = income_model.train_version(candidate)
    graph, matrix = open_graph("alone", model.files.model), income_model.feature_matrix(model, rows)
    fitted = peer_handlers.fit_pipeline(_estimator(candidate))
    columns, inputs = (
        peer_handlers.column_session(fitted),
        peer_handlers.column_inputs(income_model.instances(rows)[:rows]),
    )
    ours, events = income_model.make_handler(model), income_model.predict_events(rows)
    contenders: dict[str, tuple[Any, Callable[[], object]]] = {
        "ONNX Runtime alone, one matrix": ("floor", lambda: graph.run(["probabilities"], {"features": matrix})),
        COLUMNS: ("floor", lambda: columns.run(None, inputs)),
        "Refrain": ("ours", lambda: ours(next(events))),
    }
    faults = find_missing(peer_handlers.REQUIRED_MODULES)
    if peer_handlers.POWERTOOLS not in faults:
        powertools = peer_handlers.powertools_handler(columns)
        contenders[peer_handlers.POWERTOOLS] = ("peer", lambda: powertools(next(events)))
    if peer_handlers.PANDAS not in faults:
        pandas = peer_handlers.pandas_handler(fitted)
        contenders[peer_handlers.PANDAS] = ("peer", lambda: pandas(next(events)))
    return contenders


def _estimator(candidate: str) -> Any:
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.linear_model import LogisticRegression

    if candidate == "logistic":
        return LogisticRegression(max_iter=1000)
    return HistGradientBoostingClassifier(learning_rate=0.05, max_iter=400, max_leaf_nodes=15, l2_regularization=5.0)
