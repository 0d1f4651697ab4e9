"""What the layer promises of features holds for functions of one's own too, or a definition may not use them.

A function is tried on rows of the types that it gets, with missing and extreme values among them: it must be pure, keep
its inputs, take rows one by one as well as together, and be fast.
"""

from __future__ import annotations

import ast
import inspect
import time
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing.columns import NAT, objects
from preprocessing.derive import derive
from preprocessing.errors import DefinitionError, PreprocessingError
from preprocessing.own_functions import is_own, load_function, source_path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from preprocessing.columns import Array
    from preprocessing.definition import Column, Definition, Derived

ALLOWED_IMPORTS = frozenset({"__future__", "collections", "math", "numpy", "typing"})
TRIED_ROWS = 64
MAX_ROW_SECONDS = 1e-3
"""Of processor time, for one row alone; MAX_BATCH_SECONDS are for BATCH_ROWS together."""

BATCH_ROWS, MAX_BATCH_SECONDS = 10_000, 0.2
_NUMBERS = (np.nan, 0.0, -0.0, 1.0, -1.0, 1e-30, 1e30, -1e30)
_TEXTS = (None, "a", "A b", "Zürich", "日本", "x" * 200)


def check_functions(definition: Definition) -> None:
    """Hold each function of one's own to the contract. Raises `DefinitionError` with what does not hold."""
    columns = _sample(definition)
    for derived in definition.derived:
        try:
            problem = _find_problem(derived, columns) if is_own(derived.make) else ""
        except PreprocessingError as error:
            problem = str(error)
        if problem:
            raise DefinitionError(f"{definition.model}.toml", f"derived.{derived.name}.make", problem)
        columns |= derive([derived], columns)


def _find_problem(derived: Derived, columns: dict[str, Array]) -> str:
    """Say what part of the contract does not hold, "" where all hold."""
    call, sources = load_function(derived.make).call, [columns[name] for name in derived.sources]
    try:
        inspect.signature(call).bind(*sources)
        problem = next(_broken_promises(derived.make, call, sources), "")
    except Exception as error:  # noqa: BLE001 - the function may raise anything
        problem = f"fails with {type(error).__name__}: {error}"
    return f"{derived.make} {problem}" if problem else ""


def _broken_promises(make: str, call: Callable[..., Any], sources: Sequence[Array]) -> Iterator[str]:
    foreign = _imports(source_path(make).read_text(encoding="utf-8")) - ALLOWED_IMPORTS
    if foreign:
        yield f"imports {', '.join(sorted(foreign))}: expected nothing but {', '.join(sorted(ALLOWED_IMPORTS))}"
    before = [source.copy() for source in sources]
    with np.errstate(all="ignore"):
        result = call(*sources)
        if not isinstance(result, np.ndarray) or result.dtype not in (np.float32, np.float64):
            yield "returns no numpy array of float32 or float64"
        if result.shape != (TRIED_ROWS,):
            yield f"returns an array of shape {result.shape} for {TRIED_ROWS} rows: expected one number a row"
        expected = result.astype(np.float32)
        if not all(map(_is_equal, sources, before)):
            yield "changes its inputs"
        if not _is_equal(call(*sources).astype(np.float32), expected):
            yield "answers differently when it is called again"
        order = np.random.default_rng(0).permutation(TRIED_ROWS)
        if not _is_equal(call(*(source[order] for source in sources)).astype(np.float32), expected[order]):
            yield "depends on the order of the rows"
        started = time.process_time()
        singly = [call(*(source[row : row + 1] for source in sources)) for row in range(TRIED_ROWS)]
        seconds = (time.process_time() - started) / TRIED_ROWS
        if not _is_equal(np.concatenate(singly).astype(np.float32), expected):
            yield "makes another number of a row alone than of the same row among others"
        if seconds > MAX_ROW_SECONDS:
            yield f"takes {seconds * 1000:.1f} ms for one row: expected at most {MAX_ROW_SECONDS * 1000:g} ms"
        batch = [np.resize(source, BATCH_ROWS) for source in sources]
        started = time.process_time()
        call(*batch)
        seconds = time.process_time() - started
        if seconds > MAX_BATCH_SECONDS:
            yield f"takes {seconds:.2f} s for {BATCH_ROWS:,} rows: expected at most {MAX_BATCH_SECONDS:g} s"


def _imports(source: str) -> set[str]:
    """Return the packages that a source imports, wherever in it."""
    nodes = list(ast.walk(ast.parse(source)))
    names = [alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names]
    names += [node.module or "." for node in nodes if isinstance(node, ast.ImportFrom)]
    return {name.partition(".")[0] for name in names}


def _is_equal(values: Array, expected: Array) -> bool:
    return values.shape == expected.shape and all(
        left == right or (left != left and right != right)
        for left, right in zip(values.tolist(), expected.tolist(), strict=True)
    )


def _sample(definition: Definition) -> dict[str, Array]:
    """Draw rows within the definition's bounds, with missing and extreme values."""
    draw = np.random.default_rng(0)
    return {name: _draw_column(draw, column) for name, column in definition.columns.items()}


def _draw_column(draw: np.random.Generator, column: Column) -> Array:
    if column.kind == "category":
        return objects(draw.choice(np.array((*_TEXTS, *column.allowed), object), TRIED_ROWS).tolist())
    if column.kind == "boolean":
        return draw.choice([0.0, 1.0, np.nan], TRIED_ROWS)
    if column.kind == "time":
        times = np.datetime64("1970-01-01", "us") + draw.integers(-(10**15), 4 * 10**15, TRIED_ROWS)
        return np.where(draw.random(TRIED_ROWS) < 0.1, NAT, times)
    values = np.concatenate([_NUMBERS, draw.uniform(*_bounds(column), TRIED_ROWS)])[:TRIED_ROWS]
    return draw.permutation(np.clip(values, column.least, column.most))


def _bounds(column: Column) -> tuple[float, float]:
    least = -1e3 if column.least is None else column.least
    if column.most is None:
        return least, least + 2e3
    return (least if column.least is not None else column.most - 2e3), column.most
