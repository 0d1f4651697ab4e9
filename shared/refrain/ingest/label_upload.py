"""Labels that come as a file, `<model>/labels/<any name>`, with the columns `prediction_id` and `label`.

It is read by the same readers as any upload, with a definition of its own that is made from the model's, so that a
label means what it means in a row. The labels of a file become one object, so that all of them are there or none.
"""

from __future__ import annotations

import json
from contextlib import closing
from datetime import datetime
from typing import IO, TYPE_CHECKING, Any

from preprocessing import parse_definition, present
from refrain.errors import UnreadableUpload
from refrain.ingest.keeping import READERS, columns_of, sound, upload_rejected
from refrain.ingest.rejected import Rejected
from refrain.lake import keys
from refrain.times import to_iso

if TYPE_CHECKING:
    from pathlib import Path

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store

FOLDER = "labels"
KIND = "labels"
"""What a receipt of labels has as its `kind`; one of rows has none."""


def is_labels(key: str) -> bool:
    """Tell whether an upload holds labels, by its second folder.

    >>> is_labels("income/labels/2026.csv"), is_labels("income/labels.csv")
    (True, False)
    """
    return key.split("/")[1:2] == [FOLDER] and key.count("/") > 1


def definition_of_labels(definition: Definition) -> Definition:
    """Make the definition that a file of labels is read by: two columns, the label being what the target is."""
    document = definition.document
    columns: Any = document["columns"]
    source: Any = document.get("source", {})
    target = {name: value for name, value in columns[definition.target].items() if name != "role"}
    return parse_definition(
        definition.model,
        {
            "task": definition.task,
            "target": "label",
            "source": {name: value for name, value in source.items() if name in ("encoding", "decimal", "missing")},
            "columns": {"prediction_id": {"type": "category", "required": True}, "label": target},
            "training": {"candidates": [{"name": "none", "estimator": "sklearn.dummy.DummyClassifier"}]},
        },
        f"labels of {definition.model}",
    )


def keep_labels(
    path: Path, form: str, definition: Definition, digest: str, lake: Store, uploaded_at: str
) -> dict[str, Any]:
    """Read a file of labels, write them and the rejected rows to the lake; return the facts for its receipt.

    `definition` is that of the labels. They count as received when the file was uploaded, however often its event
    comes. Nothing is written before the file was read to its end. Raises `UnreadableUpload`.
    """
    received = datetime.fromisoformat(uploaded_at)
    written = path.with_name("labels.json")
    with (
        READERS[form](path, definition, form) as reading,
        closing(Rejected(path.parent / "rejected.jsonl.gz")) as rejected,
        written.open("w", encoding="utf-8") as file,
    ):
        head = {"model": definition.model, "received_at": to_iso(received, "microseconds"), "source": "upload"}
        file.write(f'{json.dumps(head)[:-1]},"labels":[')
        kept = 0
        for chunk in reading.chunks:
            columns, _ = sound(chunk, definition, rejected)
            kept = _write(file, definition, columns, kept)
        file.write("]}")
    if not kept + rejected.rows:
        raise UnreadableUpload("no_rows", "the file has no rows")
    key = keys.labels(definition.model, received, digest)
    if kept:
        lake.upload(written, key)
    return {
        "kind": KIND,
        "format": form,
        "rows_read": kept + rejected.rows,
        "rows_kept": kept,
        "rows_rejected": rejected.rows,
        "parts": [{"key": key, "rows": kept}] if kept else [],
        **upload_rejected(rejected, definition, digest, lake),
        **columns_of(definition, reading),
    }


def _write(file: IO[str], definition: Definition, columns: Columns, kept: int) -> int:
    """Write the labels of a chunk behind those that are written; return how many there are now."""
    for row in range(len(columns["prediction_id"])):
        entry = present(columns, definition.columns, row)
        file.write((",\n" if kept else "") + json.dumps(entry, ensure_ascii=False))
        kept += 1
    return kept
