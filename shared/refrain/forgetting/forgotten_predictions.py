"""Forget people in what was asked and answered: captured rows, their labels, and hourly samples of both."""

from __future__ import annotations

from io import BytesIO
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import RecommenderDefinition
from refrain.lake.capture.reading import captured_prefix
from refrain.lake.capture.rewriting import remove_rows
from refrain.lake.hour_counts import REST, HourCounts
from refrain.lake.hour_index import HourFolder
from refrain.lake.label import LabelBatch, write_batch
from refrain.lake.observed_labels import ObservedLabels
from refrain.lake.observed_rows import ObservedRows
from refrain.statistics.hashing import text_hashes
from refrain.times import from_iso

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from collections.abc import Set as AbstractSet

    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store
    from refrain.forgetting.own_texts import OwnTexts
    from refrain.forgetting.people import People


def find_predictions(store: Store, people: People, own: OwnTexts) -> tuple[set[str], int]:
    """Find the ids of their captured predictions, take the texts of these, and count all that have no whole key."""
    ids: set[str] = set()
    keyless = 0

    def mark(rows: Sequence[Any]) -> Sequence[bool]:
        nonlocal keyless
        instances = _instances(people, rows)
        keyless += sum(any(instance.get(name) is None for name in people.names) for instance in instances)
        marked = _mark(people, rows)
        own.add(_values(rows, marked))
        return marked

    for key in store.keys(captured_prefix(people.definition.model)):
        ids.update(remove_rows(key, store.read(key).data, mark)[1])
    return ids, keyless


def discard_prediction_texts(store: Store, people: People, own: OwnTexts) -> None:
    """Leave out the texts that others' captured predictions have."""

    def mark(rows: Sequence[Any]) -> Sequence[bool]:
        marked = _mark(people, rows)
        own.discard(_values(rows, [not is_theirs for is_theirs in marked]))
        return marked

    for key in store.keys(captured_prefix(people.definition.model)) if own.texts else ():
        remove_rows(key, store.read(key).data, mark)


def forget_captured(store: Store, people: People, lake: ObjectVersions) -> int:
    """Remove their captured rows; return how many they were. Files that have no other rows are deleted."""
    removed = 0
    for key in store.keys(captured_prefix(people.definition.model)):
        left, ids = remove_rows(key, store.read(key).data, lambda rows: _mark(people, rows))
        removed += len(ids)
        if ids and left:
            store.write(key, left)
        elif ids:
            lake.delete_all(key)
    return removed


def forget_labels(store: Store, model: str, ids: Collection[str]) -> int:
    """Remove the labels of predictions; return how many they were."""
    removed = 0
    for key in store.keys(LabelBatch.prefix(model)):
        batch = LabelBatch.from_json(store.read_json(key))
        labels = [(entry["prediction_id"], entry["label"]) for entry in batch.labels]
        kept = [label for label in labels if label[0] not in ids]
        if len(kept) < len(labels):
            content = BytesIO()
            write_batch(content, model, batch.source, kept, from_iso(batch.received_at))
            store.write(key, content.getvalue())
            removed += len(labels) - len(kept)
    return removed


def forget_hours(store: Store, model: str, ids: Collection[str], texts: AbstractSet[str], lake: ObjectVersions) -> int:
    """Remove predictions from hourly samples, and texts of theirs from the notes; return how many rows went.

    Counts stay: they are figures of all rows of an hour. What has an earlier layout is deleted, since no report reads
    it any more.
    """
    hashes, removed = text_hashes(sorted(ids)), 0
    folder = f"{HourFolder.PREFIX}/{model}/"
    for key in store.keys(folder):
        part = key.removesuffix(".npz").rpartition(".")[2]
        if part in _REWRITTEN:
            data = store.read(key).data
            try:
                left, rows = _without_notes(data, texts) if part == "counts" else _without_rows(data, part, hashes)
            except (TypeError, ValueError):
                lake.delete_all(key)
                continue
            removed += rows if part == "rows" else 0
            if left != data:
                store.write(key, left)
    return removed


_REWRITTEN = ("rows", "few", "labelled", "counts")


def _without_rows(data: bytes, part: str, hashes: np.ndarray[Any, np.dtype[np.uint64]]) -> tuple[bytes, int]:
    if part == "labelled":
        labels = ObservedLabels.unpack(data)
        gone = set(hashes.tolist()) & labels.labels.keys()
        labels.labels = {hashed: label for hashed, label in labels.labels.items() if hashed not in gone}
        labels.keep_rows()
        return (labels.pack() if gone else data), len(gone)
    rows = ObservedRows.unpack(data)
    theirs = np.isin(rows.hashes, hashes)
    return (rows.select(~theirs).pack() if theirs.any() else data), int(theirs.sum())


def _without_notes(data: bytes, texts: AbstractSet[str]) -> tuple[bytes, int]:
    """Count their new values among the rest."""
    counts, changed = HourCounts.unpack(data), False
    for notes in counts.notes:
        for values in notes.new.values():
            for text in texts & values.keys():
                values[REST] += values.pop(text)
                changed = True
    return (counts.pack() if changed else data), 0


def _mark(people: People, rows: Sequence[Any]) -> Sequence[bool]:
    marked: list[bool] = people.mark_rows(_instances(people, rows)).tolist()
    return marked


def _instances(people: People, rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Return the instances of captured rows; a recommendation calls its user `user`."""
    instances = [row["instance"] for row in rows]
    if isinstance(people.definition, RecommenderDefinition):
        user = people.definition.roles.user
        return [instance | {user: instance.get("user")} for instance in instances]
    return instances


def _values(rows: Sequence[Any], chosen: Sequence[bool]) -> Iterator[object]:
    for row, is_chosen in zip(rows, chosen, strict=True):
        if is_chosen:
            yield from row["instance"].values()
