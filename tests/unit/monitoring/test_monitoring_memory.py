"""What a report holds and reads does not grow with the number of predictions and labels.

The limits are a tenth of the real ones, so that a tenth of the rows shows it. `make bench` measures a million rows.
"""

from __future__ import annotations

import gzip
import tracemalloc
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from refrain.lake.capture.reading import captured_key
from refrain.lake.label import write_labels
from refrain.monitoring import hour_catch_up, hour_reduction, label_reduction, window_statistics
from tests.unit.monitoring.conftest import DOCUMENT, customers
from tests.unit.monitoring.world import BEGINNING, World
from tests.unit.serving.tiny import Lake

if TYPE_CHECKING:
    from refrain.lake.monitoring_report import MonitoringReport

LIMITS = {
    "MAX_BATCH_ROWS": hour_catch_up,
    "MAX_HOUR_SAMPLE": hour_reduction,
    "MAX_PIECE_ROWS": hour_reduction,
    "MAX_KEPT_LABELS": label_reduction,
    "MAX_SAMPLED_ROWS": window_statistics,
}
HOURS = 24
FILE_ROWS = 250
ROW = '{"id":"%s","instance":{"age":%r,"amount":%r,"city":"%s"},"answer":[%r,%r]}'
HEAD = '{"capture":1,"model":"shop","version":"%s","time":"%s","milliseconds":1.0,"classes":["false","true"],'
LINE = HEAD + '"rows":[%s]}'


def capture_a_day(world: World, version: str, rows: int) -> None:
    """Have a day's predictions captured and labelled, in as many files as it takes."""
    people, answers, bought = customers(FILE_ROWS, seed=3)
    for file in range(rows // FILE_ROWS):
        asked = BEGINNING + file * timedelta(hours=HOURS) / (rows // FILE_ROWS)
        ids = [f"{int(asked.timestamp() * 1000):011x}{file:06x}{row:04x}-000" for row in range(FILE_ROWS)]
        texts = [
            ROW % (ids[row], person["age"], person["amount"], person["city"], *answers[row].tolist())
            for row, person in enumerate(people)
        ]
        line = LINE % (version, f"{asked:%Y-%m-%dT%H:%M:%S}.000Z", ",".join(texts))
        world.store.write(captured_key("shop", asked, f"{file:05d}"), gzip.compress(line.encode(), 1))
        write_labels(world.store, "shop", list(zip(ids, bought, strict=True)), asked + timedelta(hours=1))


def report_on(rows: int) -> tuple[float, MonitoringReport, int]:
    """Return the peak of memory (MB) of a report on so many rows, the report, and the bytes that the next one reads."""
    lake = Lake()
    world = World.of(lake, "shop", DOCUMENT)
    people, answers, _ = customers(500, seed=1)
    capture_a_day(world, world.serve(people, answers), rows)
    tracemalloc.start()
    report = world.monitor(BEGINNING + timedelta(hours=HOURS + 2, minutes=20))
    peak = tracemalloc.get_traced_memory()[1] / 2**20
    tracemalloc.stop()
    lake.read_bytes = 0
    world.monitor(BEGINNING + timedelta(hours=HOURS + 3, minutes=20))
    return peak, report, lake.read_bytes


def test_memory_and_what_is_read_are_flat_from_few_predictions_to_many(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, module in LIMITS.items():
        monkeypatch.setattr(module, name, getattr(module, name) // 10)
    report_on(500)  # what is imported, and filled once, is not counted

    (peak, report, read), (peak_of_many, report_on_many, read_of_many) = report_on(10_000), report_on(30_000)

    assert report.window and report_on_many.window
    assert (report.window.rows, report_on_many.window.rows) == (10_000, 30_000)
    assert report_on_many.quality and report_on_many.quality.measured
    assert report_on_many.quality.measured.rows == 2_000
    assert report_on_many.quality.share == pytest.approx(1.0, abs=0.05)
    assert peak_of_many < 1.3 * peak
    assert read_of_many < 1.5 * read < 2_000_000
