"""Labels: what turned out to be true of predictions, as callers and uploads send it.

Each call and each upload is one object, written once and never changed, so that its labels are stored all or not at
all. A call that repeats an earlier one gets an object of its own, too: someone who corrects a label and then takes the
correction back sends the same call twice, and means it. Reading settles which label of a prediction counts: the last
one received, whatever the order in which the objects are read. It counts as received when it was first sent, unless
another label came in between; so a mere repetition changes nothing.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, replace
from io import BytesIO
from typing import IO, TYPE_CHECKING, Any, Literal, Self

import numpy as np

from preprocessing import objects, prepare
from refrain.lake.by_hour import keys_between, stream_all
from refrain.lake.document import Document
from refrain.times import from_iso, to_iso

if TYPE_CHECKING:
    from collections.abc import Container, Iterable, Iterator, Sequence
    from datetime import datetime

    from preprocessing import Definition, Problem
    from refrain.aws.storage import Store

type PredictionLabel = tuple[str, object]
"""The id of a prediction and its label, a JSON value as it was sent."""

MAX_PREDICTION_ID_LENGTH = 100

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def _decode(begin: bytes, lines: list[bytes], end: bytes) -> Any:
    """Parse whole lines between brackets; the comma before the next line is left out."""
    return json.loads(begin + b"".join(lines).removesuffix(b",") + end)


@dataclass(frozen=True)
class LabelBatch(Document):
    """Labels of one call or upload, each `{"prediction_id": …, "label": …}`; received together (ISO 8601, UTC).

    An upload may have millions, so an object is written label by label, and read in pieces.
    """

    model: str
    received_at: str
    source: Literal["api", "upload"]
    labels: list[Any]

    @staticmethod
    def prefix(model: str) -> str:
        """Return the prefix of a model's labels; below it are folders by the hour."""
        return f"labels/{model}/"

    @staticmethod
    def key(model: str, received: datetime, digest: str) -> str:
        """Return the key of a batch; keys sort by the time (UTC) when the batches were received."""
        return f"{LabelBatch.prefix(model)}{received:%Y/%m/%d/%H/%M%S%f}-{digest}.json"

    @classmethod
    def read_between(cls, store: Store, model: str, since: datetime | None, until: datetime | None) -> Iterator[Self]:
        """Read what was received from the hour of `since` to that of `until`, in pieces."""
        for _, chunks in stream_all(store, keys_between(store, cls.prefix(model), since, until)):
            yield from cls.in_pieces(chunks)

    @classmethod
    def in_pieces(cls, chunks: Iterable[bytes]) -> Iterator[Self]:
        """Read what `write_batch` wrote from chunks of it: each piece has the labels that end in one."""
        whole, rest = None, b""
        for chunk in chunks:
            *lines, rest = (rest + chunk).split(b"\n")
            if whole is None and lines:
                whole = cls.from_json(_decode(b"", [lines.pop(0)], b"]}"))
                yield whole
            if whole and lines:
                yield replace(whole, labels=_decode(b"[", lines, b"]"))
        if whole:
            yield replace(whole, labels=_decode(b"[", [rest.removesuffix(b"]}")], b"]"))
        else:
            yield cls.from_json(json.loads(rest))


@dataclass(frozen=True, slots=True)
class Label:
    """The label that counts for a prediction: a JSON value as it was sent, and when it was received (UTC)."""

    value: object
    received_at: np.datetime64


def check_labels(definition: Definition, values: Sequence[object]) -> list[Problem]:
    """List the labels that cannot be the model's target, with the same reasons as for a row of an upload.

    A class that training has never seen is fine, unless the definition lists the allowed ones.
    """
    _, problems = prepare(definition, {definition.target: objects(values)}, len(values), columns=[definition.target])
    return problems


def label_digest(model: str, labels: Sequence[PredictionLabel]) -> str:
    """Name a call by its content: the same labels in the same order have the same name.

    >>> label_digest("income", [("a", 1)]) == label_digest("income", [("a", 1)]) != label_digest("income", [("a", 2)])
    True
    """
    return hashlib.sha256(_encode([model, *labels]).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def write_labels(store: Store, model: str, labels: Sequence[PredictionLabel], received: datetime) -> str:
    """Store the labels of one call, received at a time (UTC), and return their digest. They are safe once it returns.

    Raises `StorageUnavailable`; then all of them are stored or none, and the caller sends them again.
    """
    digest = label_digest(model, labels)
    batch = BytesIO()
    write_batch(batch, model, "api", labels, received)
    # The name has the microsecond and the digest, so a retry replaces the object with the same content.
    store.write(LabelBatch.key(model, received, digest), batch.getvalue())
    return digest


def write_batch(
    file: IO[bytes], model: str, source: Literal["api", "upload"], labels: Iterable[PredictionLabel], received: datetime
) -> int:
    """Write a batch label by label, so that any number of them needs little memory; return their number.

    >>> from datetime import UTC, datetime
    >>> file = BytesIO()
    >>> write_batch(file, "income", "api", [("a", 1)], datetime(2026, 11, 23, tzinfo=UTC))
    1
    >>> LabelBatch.from_json(json.loads(file.getvalue())).labels
    [{'prediction_id': 'a', 'label': 1}]
    """
    number = 0
    empty = LabelBatch(model, to_iso(received, "microseconds"), source, [])
    file.write(_encode(empty.to_json()).removesuffix("]}").encode())
    for number, (prediction_id, label) in enumerate(labels, 1):
        entry = _encode({"prediction_id": prediction_id, "label": label}).encode("utf-8", "backslashreplace")
        file.write(b",\n" + entry if number > 1 else entry)
    file.write(b"]}")
    return number


def read_labels(
    store: Store,
    model: str,
    since: datetime | None = None,
    until: datetime | None = None,
    *,
    only: Container[str] | None = None,
) -> dict[str, Label]:
    """Read the labels received from the hour of `since` to that of `until`, or all: prediction id to the current one.

    The ids come in no order. `only` keeps those of certain ids.
    """
    labels: dict[str, Label] = {}
    for prediction_id, label in arriving_labels(store, model, since, until):
        if only is None or prediction_id in only:
            add_label(labels, prediction_id, label)
    return labels


def arriving_labels(
    store: Store, model: str, since: datetime | None = None, until: datetime | None = None
) -> Iterator[tuple[str, Label]]:
    """Yield prediction ids and labels, repetitions too, in the order in which they were received: that of the keys."""
    for batch in LabelBatch.read_between(store, model, since, until):
        received = np.datetime64(batch.received_at.removesuffix("Z"), "us")
        for entry in batch.labels:
            yield entry["prediction_id"], Label(entry["label"], received)


def add_label(labels: dict[str, Label], prediction_id: str, label: Label) -> None:
    """Take the label that was received last; a mere repetition changes nothing.

    >>> labels, (first, later) = {}, (np.datetime64("2026-11-23", "us"), np.datetime64("2026-11-24", "us"))
    >>> for label in (Label("no", first), Label("yes", first), Label("yes", later)):
    ...     add_label(labels, "a", label)
    >>> labels["a"].value, labels["a"].received_at.item().day
    ('yes', 23)
    """
    current = labels.get(prediction_id)
    if current is None or type(label.value) is not type(current.value) or label.value != current.value:
        labels[prediction_id] = label


def count_labelled(store: Store, model: str, after: datetime | None, until: datetime, enough: int) -> int:
    """Count the predictions that got a label after a time, up to `enough`: then no further label is read."""
    labelled: set[str] = set()
    for batch in LabelBatch.read_between(store, model, after, until):
        if after is None or from_iso(batch.received_at) > after:
            labelled.update(entry["prediction_id"] for entry in batch.labels)
        if len(labelled) >= enough:
            break
    return min(len(labelled), enough)
