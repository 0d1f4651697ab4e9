"""Files of labels are read as files of rows are."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pyarrow.parquet as pq
import pytest

from preprocessing import parse_definition
from preprocessing.source_section import SOURCE
from refrain.ingest.keeping import keep
from refrain.ingest.label_upload import ROW_KEYS, definition_of_labels

if TYPE_CHECKING:
    from preprocessing import Definition

VALUES: dict[str, Any] = {
    "delimiter": "|", "quote": "'", "escape": "\\", "comment": "#", "skip": 2, "encoding": "cp1252", "missing": ["?"],
    "only_missing": ["-"], "decimal": ",", "thousands": "'", "currency": True, "percent": True, "trailing_minus": True,
    "zone": "Europe/Zurich", "strict": True,
}  # fmt: skip


def labels_of(**source: Any) -> Definition:
    columns = {"x": {"type": "number"}, "y": {"type": "category"}}
    training = {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]}
    document = {"task": "classification", "target": "y", "source": source, "columns": columns, "training": training}
    return definition_of_labels(parse_definition("m", document, "m.toml"))


@pytest.mark.parametrize("key", sorted(SOURCE.keys() - set(ROW_KEYS)))
def test_every_key_of_the_source_holds_but_those_that_name_columns(key: str) -> None:
    assert getattr(labels_of(**{key: VALUES[key]}).source, key) == SOURCE[key].parse(VALUES[key])


@pytest.mark.parametrize(
    ("source", "content", "label"),
    [
        ({"quote": ""}, b'prediction_id,label\np,"so\nq,b"\n', '"so'),
        ({"escape": "\\"}, b'prediction_id,label\np,"a \\"b\\""\n', 'a "b"'),
        ({"skip": 1}, b"A title\nprediction_id,label\np,a\n", "a"),
        ({"comment": "#"}, b"prediction_id,label\n# none\np,a\n", "a"),
        ({"delimiter": "|"}, b"prediction_id|label\np|a;b,c\n", "a;b,c"),
        ({"encoding": "cp1252"}, b"prediction_id,label\np,\xe4\n", "\u00e4"),
    ],
)
def test_a_file_of_labels_is_read_by_the_keys_of_text(
    tmp_path: Path, source: dict[str, Any], content: bytes, label: str
) -> None:
    path, lake = tmp_path / "upload", Mock()
    files: list[bytes] = []
    lake.upload = lambda part, _: files.append(Path(part).read_bytes())
    path.write_bytes(content)
    facts = keep(path, "csv", labels_of(**source), "digest", lake)
    assert facts["rejections"] == []
    assert pq.read_table(io.BytesIO(files[0])).to_pylist()[0]["label"] == label
