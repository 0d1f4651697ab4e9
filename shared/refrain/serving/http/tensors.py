"""JSON tensors of the Open Inference Protocol, read as columns of values.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from refrain.serving.http.refusals import BinaryTensors, InvalidRequestBody, TooManyInstances, shorten_text
from refrain.serving.http.requests import MAX_INSTANCES

DATATYPES = frozenset(
    {"BOOL", "UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64", "FP16", "FP32", "FP64", "BYTES"}
)
BINARY = ("binary_data_size", "shared_memory_region")
"""Parameters of an input whose data are not in the JSON."""


@dataclass(frozen=True)
class Tensors:
    """The inputs of one request: columns of JSON values, each of length `rows`."""

    columns: dict[str, list[object]]
    rows: int


def read_tensors(inputs: object) -> Tensors:
    """Read a request's `inputs`, each one column, [rows] or [rows, 1]. Raises a `Refused`."""
    if not isinstance(inputs, list) or not inputs:
        raise InvalidRequestBody("inputs: expected a list of at least one tensor, one for each column")
    columns: dict[str, list[object]] = {}
    for index, entry in enumerate(inputs):
        name, values = _read_tensor(f"inputs[{index}]", entry)
        if name in columns:
            raise InvalidRequestBody(f"inputs[{index}].name: {shorten_text(name)} appears twice")
        columns[name] = values
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InvalidRequestBody(
            f"inputs: expected the same number of rows in each, got {min(lengths)} to {max(lengths)}"
        )
    return Tensors(columns, lengths.pop())


def tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    """Write a tensor, its data flat."""
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _read_tensor(field: str, entry: object) -> tuple[str, list[object]]:
    if not isinstance(entry, dict):
        raise InvalidRequestBody(f"{field}: expected an object with name, datatype, shape and data")
    name, datatype = entry.get("name"), entry.get("datatype")
    parameters = entry.get("parameters")
    if isinstance(parameters, dict) and any(key in parameters for key in BINARY):
        raise BinaryTensors
    if not isinstance(name, str):
        raise InvalidRequestBody(f"{field}.name: expected the name of a column")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise InvalidRequestBody(f"{field}.datatype: expected one of {', '.join(sorted(DATATYPES))}")
    rows = _count_rows(field, entry.get("shape"))
    values = _flatten(field, entry.get("data"))
    if len(values) != rows:
        raise InvalidRequestBody(f"{field}.data: expected {rows} values as the shape says, got {len(values)}")
    return name, values


def _count_rows(field: str, shape: object) -> int:
    if not isinstance(shape, list) or not all(type(length) is int for length in shape) or not _is_column(shape):
        raise InvalidRequestBody(f"{field}.shape: expected [rows] or [rows, 1], with at least one row")
    if shape[0] > MAX_INSTANCES:
        raise TooManyInstances(min(shape[0], 2**63), MAX_INSTANCES)
    return int(shape[0])


def _is_column(shape: list[int]) -> bool:
    return len(shape) in (1, 2) and shape[0] >= 1 and shape[1:] in ([], [1])


def _flatten(field: str, data: object) -> list[object]:
    """Flatten data, which may be flat or nested as the shape is; any other list is not a value."""
    if not isinstance(data, list):
        raise InvalidRequestBody(f"{field}.data: expected a list of values")
    values = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in data]
    if any(isinstance(value, list | dict) for value in values):
        raise InvalidRequestBody(f"{field}.data: expected one value for each row")
    return values
