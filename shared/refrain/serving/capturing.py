"""Capture a request once its answer is made, as lines on standard output, so that no caller waits for it."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from refrain.lake.capture.lines import prediction_lines
from refrain.lake.capture.record import Record

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Lists
    from refrain.model.tabular import TabularModel
    from refrain.serving.answered_rows import AnsweredRows, Predictions
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def capture_later(
    registry: Registry, request: HttpRequest, champion: TabularModel, raw: Lists, predictions: Predictions
) -> None:
    """Have the share of the answered rows captured that the definition names; `raw` are the columns as sent."""
    share = registry.definition(champion.definition.model).capture
    if share > 0:
        request.afterwards.append(partial(_capture, champion, raw, predictions, share, request.id))


def write_lines(lines: Sequence[str]) -> None:
    """Write lines to the log at once: Lambda flushes each write, and no other lines may come in between."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _capture(champion: TabularModel, raw: Lists, predictions: Predictions, share: float, request: str) -> None:
    records = [_record(champion, raw, predictions, part, request) for part in predictions.parts]
    write_lines([line for record in records for line in prediction_lines(record, share)])


def _record(champion: TabularModel, raw: Lists, predictions: Predictions, part: AnsweredRows, request: str) -> Record:
    """Make the record of the rows that one version answered; the champion has read them all."""
    record = Record(
        model=champion.definition.model,
        version=part.model.version,
        classes=part.model.classes,
        write_rows=champion.row_writer.rows,
        ids=predictions.ids,
        columns=predictions.columns,
        identity={name: raw[name] for name in champion.identity_columns if name in raw},
        answers=list(map(",".join, predictions.numbers)),
        unfamiliar=predictions.unfamiliar,
        bounds=predictions.bounds,
        decisions=list(map(rule.decide, predictions.numbers)) if (rule := part.model.manifest.rule) else (),
        milliseconds=part.milliseconds,
        request=request,
    )
    record = record if len(predictions.parts) == 1 else record.select(part.indexes)
    record.other = part.other
    return record
