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
"""Parameters of an input whose data are somewhere else than in the JSON."""


@dataclass(frozen=True)
class Tensors:
    """The inputs of one request: columns of JSON values, each of length `rows`."""

    columns: dict[str, list[object]]
    rows: int


def read_tensors(inputs: object) -> Tensors:
    """Read a request's `inputs`; each is one column, [rows] or [rows, 1]. Raises a `Refused`."""
    if not isinstance(inputs, list) or not inputs:
        raise InvalidRequestBody("inputs: expected a list of at least one tensor, one a column")
    columns: dict[str, list[object]] = {}
    for place, tensor in enumerate(inputs):
        name, values = _tensor(f"inputs[{place}]", tensor)
        if name in columns:
            raise InvalidRequestBody(f"inputs[{place}].name: {shorten_text(name)} is given twice")
        columns[name] = values
    lengths = {len(column) for column in columns.values()}
    if len(lengths) > 1:
        raise InvalidRequestBody(f"inputs: expected as many rows in each, got {min(lengths)} to {max(lengths)}")
    return Tensors(columns, lengths.pop())


def tensor(name: str, datatype: str, shape: list[int], data: list[Any]) -> dict[str, Any]:
    """Write a tensor, its data flat."""
    return {"name": name, "datatype": datatype, "shape": shape, "data": data}


def _tensor(where: str, tensor: object) -> tuple[str, list[object]]:
    if not isinstance(tensor, dict):
        raise InvalidRequestBody(f"{where}: expected an object with name, datatype, shape and data")
    name, datatype = tensor.get("name"), tensor.get("datatype")
    parameters = tensor.get("parameters")
    if isinstance(parameters, dict) and any(key in parameters for key in BINARY):
        raise BinaryTensors
    if not isinstance(name, str):
        raise InvalidRequestBody(f"{where}.name: expected the name of a column")
    if not isinstance(datatype, str) or datatype not in DATATYPES:
        raise InvalidRequestBody(f"{where}.datatype: expected one of {', '.join(sorted(DATATYPES))}")
    rows = _rows(where, tensor.get("shape"))
    values = _flat(where, tensor.get("data"))
    if len(values) != rows:
        raise InvalidRequestBody(f"{where}.data: expected {rows} values as the shape says, got {len(values)}")
    return name, values


def _rows(where: str, shape: object) -> int:
    sound = isinstance(shape, list) and len(shape) in (1, 2) and all(type(length) is int for length in shape)
    if not sound or not isinstance(shape, list) or shape[0] < 1 or shape[1:] not in ([], [1]):
        raise InvalidRequestBody(f"{where}.shape: expected [rows] or [rows, 1], with at least one row")
    if shape[0] > MAX_INSTANCES:
        raise TooManyInstances(min(shape[0], 2**63), MAX_INSTANCES)
    return int(shape[0])


def _flat(where: str, data: object) -> list[object]:
    """Data may be flat, or nested as the shape is; a list that is left after that is no value."""
    if not isinstance(data, list):
        raise InvalidRequestBody(f"{where}.data: expected a list of values")
    values = [value[0] if isinstance(value, list) and len(value) == 1 else value for value in data]
    if any(isinstance(value, list | dict) for value in values):
        raise InvalidRequestBody(f"{where}.data: expected one value a row")
    return values
