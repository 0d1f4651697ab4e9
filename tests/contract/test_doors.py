"""One value, one meaning, at every door: the table in docs/values.md holds for each way that a value comes in."""

from __future__ import annotations

import ast
import csv
import io
import json
import re
import tomllib
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any
from unittest.mock import patch

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from preprocessing import Definition, objects, parse_definition, prepare, present, rows_to_lists
from preprocessing.texts import MAX_TEXT_LENGTH
from refrain.fast_path.features import RequestFeatures
from refrain.ingest.keeping import READERS, keep
from refrain.ingest.label_upload import definition_of_labels
from refrain.ingest.readers import delimited
from refrain.lake.label import check_labels
from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import ROUTES
from refrain.serving.http.sent_names import join_instances
from refrain.serving.http.tensors import read_tensors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT = Path(__file__).parents[2]
CASES = ("plain", "missing mark", "format", "edge of range", "wrong type")
TYPES = ("number", "boolean", "category", "time")

type Answer = object
"""The meaning as JSON, or the reason why the value was refused."""


def read_table() -> list[dict[str, str]]:
    page = (ROOT / "docs" / "values.md").read_text(encoding="utf-8")
    section = page.split("## At every door")[1].split("\n## ")[0]
    lines = [line.strip().strip("|").split("|") for line in section.splitlines() if line.startswith("|")]
    names, _, *rows = [[cell.strip().strip("`") for cell in line] for line in lines]
    return [dict(zip(names, row, strict=True)) for row in rows]


ROWS = read_table()


def define(kind: str, keys: str) -> Definition:
    """A definition with the column `x`; `only_missing` and all other keys are the column's own."""
    column = tomllib.loads(f'x = {{ type = "{kind}"{", " if keys else ""}{keys} }}')["x"]
    document = {
        "task": "classification",
        "target": "y",
        "source": {"delimiter": ","},
        "columns": {"x": column, "y": {"type": "category"}},
        "training": {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]},
    }
    return parse_definition("m", document, "m.toml")


def target_of(definition: Definition) -> Definition:
    """The same with `x` as the target, as labels need it."""
    document: dict[str, Any] = {**definition.document, "target": "x"}
    document["columns"] = {"x": document["columns"]["x"], "y": {"type": "category"}}
    return parse_definition("m", document, "m.toml")


class Lake:
    """Keeps what was uploaded, as bytes."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def upload(self, path: Path, key: str) -> None:
        self.files[key] = path.read_bytes()


def comparable(value: object, kind: str) -> Answer:
    if kind == "time" and value is not None:
        return str(np.datetime64(str(value).removesuffix("Z"), "us")).removesuffix(".000000")
    return float(value) if kind == "number" and isinstance(value, int | float) else value


def upload(definition: Definition, content: bytes, form: str, column: str = "x") -> Answer:
    lake: Any = Lake()
    with TemporaryDirectory() as folder:
        path = Path(folder) / "upload"
        path.write_bytes(content)
        facts = keep(path, form, definition, "digest", lake)
    if facts["rejections"]:
        return facts["rejections"][0]["reason"]
    curated = [data for key, data in lake.files.items() if key.startswith("curated")]
    value = pq.read_table(io.BytesIO(curated[0])).to_pylist()[0][column]
    kind = definition.columns[column].kind
    return comparable(value.replace(tzinfo=None).isoformat() if kind == "time" and value else value, kind)


def cells_of(value: object) -> dict[str, Any]:
    """What a row holds: the column `x`, or the parts that make it."""
    return value if isinstance(value, dict) else {"x": value}


def row_of(value: object) -> dict[str, Any]:
    return {**cells_of(value), "y": "a"}


def csv_content(value: object) -> bytes:
    file = io.StringIO()
    row = row_of(value)
    csv.writer(file, lineterminator="\n").writerows([row.keys(), row.values()])
    return file.getvalue().encode()


def by_lines_of_csv(definition: Definition, value: object) -> Answer:
    with patch.object(delimited, "can_parse_blocks", lambda _: False):
        return upload(definition, csv_content(value), "csv")


def by_blocks_of_csv(definition: Definition, value: object) -> Answer:
    return upload(definition, csv_content(value), "csv")


def by_tsv(definition: Definition, value: object) -> Answer:
    tabs = parse_definition("m", {**definition.document, "source": {}}, "m.toml")
    row = row_of(value)
    return upload(tabs, "\n".join(["\t".join(row), "\t".join(row.values())]).encode(), "tsv")


def by_json_lines(definition: Definition, value: object) -> Answer:
    return upload(definition, json.dumps(row_of(value)).encode(), "jsonl")


def by_a_json_array(definition: Definition, value: object) -> Answer:
    return upload(definition, json.dumps([row_of(value)]).encode(), "json")


def parquet(definition: Definition, **arrays: Any) -> Answer:
    sink = io.BytesIO()
    pq.write_table(pa.table({**arrays, "y": ["a"]}), sink)
    return upload(definition, sink.getvalue(), "parquet")


def by_parquet(definition: Definition, value: object) -> Answer:
    return parquet(definition, **{name: pa.array([cell]) for name, cell in cells_of(value).items()})


def ask(definition: Definition, lists: dict[str, Any]) -> Answer:
    """What both ways of reading a request answer, which must be the same."""
    fast = RequestFeatures(definition, {}).prepare(lists, 1)
    arrays = {name: objects(values) for name, values in lists.items()}
    columns, problems = prepare(definition, arrays, 1, columns=["x"])
    assert (fast is None) == bool(problems)
    if problems:
        return problems[0].reason
    assert fast is not None
    assert repr(fast["x"]) == repr(list(columns["x"]) if columns["x"].dtype.kind == "M" else columns["x"].tolist())
    return comparable(present(columns, definition.columns, 0)["x"], definition.columns["x"].kind)


def document_of(body: object) -> dict[str, Any]:
    return HttpRequest.of({"httpMethod": "POST", "path": "/", "body": json.dumps(body)}).document()


def by_v1(definition: Definition, value: object) -> Answer:
    instances = join_instances(definition, document_of({"instances": [cells_of(value)]})["instances"])
    return ask(definition, rows_to_lists(instances, ["x"]))


def by_v2(definition: Definition, value: object) -> Answer:
    datatypes = {str: "BYTES", bool: "BOOL", int: "INT64", float: "FP64"}
    tensors = [
        {"name": name, "datatype": datatypes[type(cell)], "shape": [1], "data": [cell]}
        for name, cell in cells_of(value).items()
    ]
    return ask(definition, read_tensors(document_of({"inputs": tensors})["inputs"]).columns)


def by_the_label_api(definition: Definition, value: object) -> Answer:
    definition = target_of(definition)
    problems = check_labels(definition, [document_of({"label": value})["label"]])
    if problems:
        return problems[0].reason
    columns, _ = prepare(definition, {"x": objects([value])}, 1, columns=["x"])
    return comparable(present(columns, definition.columns, 0)["x"], definition.columns["x"].kind)


def by_a_label_upload(definition: Definition, value: object) -> Answer:
    labels = definition_of_labels(target_of(definition))
    content = json.dumps({"label": value, "prediction_id": "a"}).encode()
    return upload(labels, content, "jsonl", "label")


TEXT_DOORS: dict[str, Callable[[Definition, object], Answer]] = {
    "csv, by lines": by_lines_of_csv, "csv, by blocks": by_blocks_of_csv, "tsv": by_tsv,
}  # fmt: skip
JSON_DOORS: dict[str, Callable[[Definition, object], Answer]] = {
    "jsonl": by_json_lines, "json": by_a_json_array, "parquet": by_parquet, "http v1": by_v1, "http v2": by_v2,
    "label api": by_the_label_api, "label upload": by_a_label_upload,
}  # fmt: skip
REQUIRED = "is required"


def arrays_of(value: str) -> Iterator[Any]:
    """A value of the table in every type of Parquet that can hold it."""
    kind, text = value.split(" ")
    if kind == "decimal":
        number = Decimal(text)
        digits = -int(number.as_tuple().exponent)
        yield pa.array([number], pa.decimal128(30, digits))
        yield pa.array([number], pa.decimal256(50, digits))
    elif kind == "float32":
        yield pa.array([float(text)], pa.float32())
    elif kind == "date":
        yield pa.array([np.datetime64(text, "D").astype(int)], pa.int32()).cast(pa.date32())
        yield pa.array([np.datetime64(text, "ms").astype(int)], pa.int64()).cast(pa.date64())
    else:
        for unit in ("s", "ms", "us", "ns"):
            ticks = int(np.datetime64(text, "s").astype(int)) * {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}[unit]
            for zone in (None, "UTC", "Asia/Tokyo", "Not/AZone"):
                if abs(ticks) < 2**63:
                    yield pa.array([ticks], pa.timestamp(unit, zone))


def answers(row: dict[str, str]) -> Iterator[tuple[str, Answer]]:
    definition, value = define(row["type"], row["keys"]), row["value"]
    if re.match(r"(decimal|float32|date|timestamp) ", value):
        for array in arrays_of(value):
            yield f"parquet, {array.type}", parquet(definition, x=array)
        return
    parsed = json.loads(value)
    doors = JSON_DOORS | (TEXT_DOORS if all(isinstance(cell, str) for cell in cells_of(parsed).values()) else {})
    for name, door in doors.items():
        if isinstance(parsed, list) and name in ("parquet", "http v2"):
            continue  # which refuse a nested column as a whole
        if row["type"] == "time" and name.startswith("label"):
            continue  # a time is no target
        yield name, door(definition, parsed)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: " ".join(row.values())[:90])
def test_a_value_means_the_same_at_every_door(row: dict[str, str]) -> None:
    meaning = row["meaning"]
    expected = meaning if meaning.startswith("expected") else comparable(json.loads(meaning), row["type"])
    for door, answer in answers(row):
        wanted = REQUIRED if expected is None and door.startswith("label") else expected
        assert (door, answer) == (door, wanted)


@pytest.mark.parametrize(
    ("value", "meaning"),
    [
        ("  Hello\u00a0 Zu\u0308rich,\u200b  what's up?", "Hello Z\u00fcrich, what's up?"),
        ("NA", None),
        ("a" * MAX_TEXT_LENGTH, "a" * MAX_TEXT_LENGTH),
        ("a" * MAX_TEXT_LENGTH + " b", "expected a text of at most 10,000 letters"),
        (7.5, "7.5"),
        (True, "true"),
    ],
    ids=["plain", "missing", "longest", "too long", "number", "boolean"],
)
def test_a_text_means_the_same_at_every_door(value: object, meaning: str | None) -> None:
    definition = define("text", "")
    for name, door in (JSON_DOORS | (TEXT_DOORS if isinstance(value, str) else {})).items():
        if not name.startswith("label"):  # a text is no target
            assert (name, door(definition, value)) == (name, meaning)


def test_the_table_has_every_case_of_every_type() -> None:
    expected = {(kind, case) for kind in TYPES for case in CASES} | {("time", "several columns")}
    assert {(row["type"], row["case"]) for row in ROWS} == expected


def test_every_reader_of_uploads_is_a_door() -> None:
    assert {name.split(",")[0] for name in (*TEXT_DOORS, *JSON_DOORS)} >= set(READERS)


def test_every_route_that_takes_values_is_a_door() -> None:
    routes = {re.sub(r"\(\?P<(\w+)>[^)]+\)", r"{\1}", path.pattern) for method, path, _ in ROUTES if method == "POST"}
    assert routes == {
        "/v1/models/{model}:predict",
        "/v1/models/{model}:label",
        "/v2/models/{model}/infer",
        "/v2/models/{model}/versions/{version}/infer",
    }


DECODING = {
    "drafting/table_draft.py": "a file that a definition is drafted from",
    "fast_path/features.py": "the requests of both protocols",
    "forgetting/forgotten_golden.py": "golden rows, read again as callers would send them",
    "forgetting/people.py": "the keys of people, and stored values that are held against them",
    "importing/version_definition.py": "categories that an imported model knows",
    "ingest/fast_csv/arrow_columns.py": "csv, by blocks",
    "ingest/keeping.py": "every upload, of labels too",
    "ingest/readers/swallowed_rows.py": "csv, by lines: whether lines inside a quote are rows",
    "ingest/rehearsal.py": "a file that is tried by a definition, with the readers of uploads",
    "lake/capture/predictions.py": "captured requests and their labels, read again as they were sent",
    "lake/label.py": "label api",
    "model/tabular.py": "the requests of both protocols",
    "monitoring/observed_hours.py": "labels, read again as they were sent",
    "recommendation/recommendation_request.py": "the requests of recommenders",
    "serving/trial_answers.py": "the keys of requests",
    "snapshot/labelled_rows.py": "labels, read again as they were sent",
    "snapshot/pieces.py": "curated rows, typed already",
    "training/golden.py": "rows of training, as a caller would send them",
    "training/imported_fit.py": "golden rows of an imported model, as a caller would send them",
}
"""The modules that read values, and the doors that they stand behind."""


def test_every_module_that_reads_values_stands_behind_a_door() -> None:
    shared = ROOT / "shared" / "refrain"
    reading = {"prepare", "decode", "parser_of"}
    modules = {
        path.relative_to(shared).as_posix()
        for path in shared.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] == "preprocessing"
        if reading & {alias.name for alias in node.names}
    }
    assert modules == set(DECODING)
