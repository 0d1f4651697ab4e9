"""What an encoder puts out for each code of a category, as tables, and the nodes that look it up.

The values of a category are finitely many, so an encoder with all that comes before it (imputers, rare categories,
target statistics) is a table. That is exact for every encoder, and converters need to know none of them.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import TensorProto
from skl2onnx import update_registered_converter
from skl2onnx.common.data_types import FloatTensorType
from sklearn.base import BaseEstimator

from refrain.errors import CannotImport

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    type Table = NDArray[np.float32]
    """What a transformer puts out [codes, columns]."""


class ColumnChoice(BaseEstimator):  # type: ignore[misc]
    """Some columns of the feature matrix."""

    def __init__(self, columns: Sequence[int]) -> None:
        self.columns = columns


class CodeTables(BaseEstimator):  # type: ignore[misc]
    """The output of an encoder: for each column of codes a table, and the places of what the tables put out."""

    def __init__(self, columns: Sequence[int], tables: Sequence[Table], order: Sequence[int]) -> None:
        self.columns = columns
        self.tables = tables
        self.order = order


def make_tables(
    names: Sequence[str], columns: Sequence[int], outputs: Sequence[Table], bases: Sequence[Table]
) -> CodeTables:
    """Make tables of what an encoder puts out while the codes of one column change, and the others stay as in `bases`.

    Raises `CannotImport` where an output depends on several columns.
    """
    varies = np.array([_differs(table, base).any(axis=0) for table, base in zip(outputs, bases, strict=True)])
    mixed = varies.sum(axis=0) > 1
    if mixed.any():
        mixing = [name for name, column in zip(names, varies, strict=True) if column[mixed].any()]
        raise CannotImport(f"an encoder mixes {' and '.join(mixing)}: encode them one by one")
    owners = varies.argmax(axis=0)
    tables = [np.ascontiguousarray(table[:, owners == column]) for column, table in enumerate(outputs)]
    order = np.argsort(np.argsort(owners, kind="stable"), kind="stable")
    return CodeTables(list(columns), tables, order.tolist())


def _differs(table: Table, base: Table) -> NDArray[np.bool_]:
    return np.asarray(~((table == base) | (np.isnan(table) & np.isnan(base))))


@cache
def register_tables() -> None:
    """Make skl2onnx convert the two classes."""
    for kind, convert, width in (
        (ColumnChoice, _convert_choice, lambda choice: len(choice.columns)),
        (CodeTables, _convert_tables, lambda tables: len(tables.order)),
    ):
        update_registered_converter(kind, f"Refrain{kind.__name__}", _shape(width), convert)


def _shape(width: Callable[[Any], int]) -> Callable[[Any], None]:
    def calculate(operator: Any) -> None:
        columns = width(operator.raw_operator)
        operator.outputs[0].type = FloatTensorType([operator.inputs[0].get_first_dimension(), columns])

    return calculate


def _convert_choice(scope: Any, operator: Any, container: Any) -> None:
    _gather(
        scope, container, operator.inputs[0].full_name, operator.raw_operator.columns, operator.outputs[0].full_name
    )


def _convert_tables(scope: Any, operator: Any, container: Any) -> None:
    """Write `concat(tables[column][codes])`, put into order."""
    fitted, parts = operator.raw_operator, []
    for column, table in zip(fitted.columns, fitted.tables, strict=True):
        if table.shape[1]:
            floats, codes, part, constant = (scope.get_unique_variable_name(name) for name in _NAMES)
            _gather(scope, container, operator.inputs[0].full_name, column, floats)
            _add(scope, container, "Cast", [floats], codes, to=TensorProto.INT64)
            container.add_initializer(constant, TensorProto.FLOAT, list(table.shape), table.ravel().tolist())
            _add(scope, container, "Gather", [constant, codes], part, axis=0)
            parts.append(part)
    joined = scope.get_unique_variable_name("joined")
    _add(scope, container, "Concat", parts, joined, axis=1)
    _gather(scope, container, joined, fitted.order, operator.outputs[0].full_name)


_NAMES = ("floats", "codes", "part", "table")


def _gather(scope: Any, container: Any, matrix: str, columns: Any, output: str) -> None:
    """Choose columns of a matrix; one alone loses its axis."""
    indexes = scope.get_unique_variable_name("columns")
    container.add_initializer(indexes, TensorProto.INT64, list(np.shape(columns)), np.ravel(columns).tolist())
    _add(scope, container, "Gather", [matrix, indexes], output, axis=1)


def _add(scope: Any, container: Any, kind: str, inputs: list[str], output: str, **attributes: Any) -> None:
    container.add_node(kind, inputs, [output], op_version=13, name=scope.get_unique_operator_name(kind), **attributes)
