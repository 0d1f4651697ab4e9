"""What a snapshot holds of labelled predictions does not grow with their number, and it says what it left out."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from refrain.lake.capture.reading import captured_key
from refrain.lake.label import write_labels
from refrain.process_memory import MEGABYTE
from refrain.snapshot import labelled_rows
from refrain.snapshot.labelled_rows import labelled_bytes, most_labelled_rows, read_labelled
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    import pytest

    from preprocessing import Definition
    from refrain.snapshot.labelled_rows import LabelledRows
    from tests.unit.snapshot.conftest import Define

BEGINNING = datetime(2026, 11, 1, tzinfo=UTC)
FILE_ROWS, MOST = 250, 1_000


def label_hours(lake: Lake, hours: int) -> None:
    """Have predictions captured and labelled twice, a file of each an hour; a tenth of the labels are foreign."""
    for hour in range(hours):
        asked = BEGINNING + hour * timedelta(hours=1)
        ids = [f"{int(asked.timestamp() * 1000) + row:011x}{row:010x}-000" for row in range(FILE_ROWS)]
        head = {"capture": 1, "model": "shops", "version": "v", "time": f"{asked:%Y-%m-%dT%H:%M:%S}.000Z"}
        rows = [
            {"id": name, "instance": {"who": f"person {name}", "spent": row, "member": True}, "answer": [0.5, 0.5]}
            for row, name in enumerate(ids)
        ]
        line = json.dumps(head | {"milliseconds": 1.0, "classes": ["no", "yes"], "rows": rows})
        lake.write(captured_key("shops", asked, "x"), gzip.compress(line.encode()))
        labels = [(name if row % 10 else f"order {name}", ("no", "yes")[row % 2]) for row, name in enumerate(ids)]
        for again in range(2):
            write_labels(lake, "shops", labels, asked + (1 + again) * timedelta(hours=1))


def read_hours(definition: Definition, hours: int) -> tuple[float, LabelledRows]:
    """Return the peak of memory (MB), and the rows."""
    lake = Lake()
    label_hours(lake, hours)
    tracemalloc.start()
    labelled = read_labelled(lake, definition)
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    return peak, labelled


def test_memory_is_flat_from_few_labels_to_many_and_the_newest_are_kept(
    define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(labelled_rows, "MAX_PIECE_ROWS", 200)
    monkeypatch.setattr(labelled_rows, "MAX_LABELLED_ROWS", MOST)
    definition = define(key=["who"])
    read_hours(definition, 2)  # what is imported, and filled once, is not counted

    (peak, few), (peak_of_many, many) = read_hours(definition, 12), read_hours(definition, 48)

    assert peak_of_many < 1.2 * peak
    assert len(few) == len(many) == MOST
    assert many.predicted.min() > few.predicted.max()
    assert (many.arrived[1:] >= many.arrived[:-1]).all()
    counts = many.counts
    assert (counts.rows, counts.unusable, counts.labels) == (MOST, 0, MOST + counts.left_out + counts.unmatched)
    assert counts.unmatched == 2 * 48 * FILE_ROWS // 10  # of orders, as often as they were sent
    assert counts.left_out >= 48 * FILE_ROWS * 9 // 10 - MOST


def test_without_a_limit_in_reach_all_rows_are_there_in_the_order_of_their_labels(define: Define) -> None:
    _, labelled = read_hours(define(key=["who"]), 3)

    assert (len(labelled), labelled.counts.left_out, labelled.counts.unmatched) == (675, 0, 150)
    assert labelled.columns["spent"].tolist() == [row for _ in range(3) for row in range(FILE_ROWS) if row % 10]
    assert labelled.columns["back"].tolist()[:3] == ["yes", "no", "yes"]


def test_a_snapshot_holds_as_many_labelled_rows_as_its_memory_allows(
    define: Define, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = define(columns={**define().document["columns"], **{f"n{i}": {"type": "number"} for i in range(140)}})  # type: ignore[dict-item]

    assert most_labelled_rows(wide) == 1_000_000  # outside a function
    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "3008")
    assert 50_000 < most_labelled_rows(wide) < 100_000 < most_labelled_rows(define())
    assert labelled_bytes(wide, most_labelled_rows(wide)) < 0.31 * 3008 * MEGABYTE
