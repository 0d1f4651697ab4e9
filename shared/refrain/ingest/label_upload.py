"""Uploads of labels, `<model>/labels/<any name>`, with the columns `prediction_id` and `label`.

The readers of rows read them too, by a definition that is made from the model's, so that a label means what it means in
a row. The labels of a file become one object, so that all of them are stored or none.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from preprocessing import parse_definition, present
from refrain.ingest.keeping import READERS, describe_contents, upload_rejected, usable_rows
from refrain.ingest.rejected import Rejected
from refrain.lake.label import LabelBatch, write_batch
from refrain.lake.receipt import KeptPart

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.ingest.keeping import UploadedFile
    from refrain.ingest.readers.chunks import Chunk
    from refrain.lake.label import PredictionLabel
    from refrain.lake.receipt import UploadContents


ROW_KEYS = ("header", "rename")
"""Keys of the source that name the columns of rows; all others hold for files of labels too."""


def definition_of_labels(definition: Definition) -> Definition:
    """Make the definition for a file of labels: two columns, with the label read like the target."""
    document = definition.document
    columns: Any = document["columns"]
    source: Any = document.get("source", {})
    target = {name: value for name, value in columns[definition.target].items() if name != "role"}
    return parse_definition(
        definition.model,
        {
            "task": definition.task,
            "target": "label",
            "source": {name: value for name, value in source.items() if name not in ROW_KEYS},
            "columns": {"prediction_id": {"type": "category", "required": True}, "label": target},
            "training": {"candidates": [{"name": "none", "estimator": "sklearn.dummy.DummyClassifier"}]},
        },
        f"labels of {definition.model}",
    )


def keep_labels(definition: Definition, file: UploadedFile, lake: Store) -> UploadContents:
    """Read a file of labels, then write them and the rejected rows to the lake.

    `definition` is that of the labels. They count as received when the file was uploaded, however often S3 announces
    it. Nothing is written before the file was read to its end. Raises `UnreadableUpload`.
    """
    digest = file.digest(definition)
    batch = file.path.with_name("labels.json")
    with (
        READERS[file.format](file.path, definition, file.format) as reading,
        closing(Rejected(file.path.parent / "rejected.jsonl.gz", keeps_rows=file.forgotten is None)) as rejected,
        batch.open("wb") as output,
    ):
        labels = _labels(file.deadline.limit(reading.chunks), definition, rejected)
        kept = write_batch(output, definition.model, "upload", labels, file.uploaded_at)
    contents = describe_contents(file.format, definition, reading, rejected, kept)
    key = LabelBatch.key(definition.model, file.uploaded_at, digest)
    if kept:
        lake.upload(batch, key)
    return replace(
        contents,
        kind="labels",
        parts=[KeptPart(key, kept)] if kept else [],
        rejected=upload_rejected(rejected, definition, digest, lake),
    )


def _labels(chunks: Iterator[Chunk], definition: Definition, rejected: Rejected) -> Iterator[PredictionLabel]:
    for chunk in chunks:
        columns, _ = usable_rows(chunk, definition, rejected)
        for row in range(len(columns["prediction_id"])):
            label = present(columns, definition.columns, row)
            yield str(label["prediction_id"]), label["label"]
