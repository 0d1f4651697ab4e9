"""Captures a request once its answer is made: a line on standard output, and nothing that waits for anybody."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from refrain.lake.capture.lines import prediction_lines
from refrain.lake.capture.record import Record, Shadow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from preprocessing import Lists
    from refrain.model.tabular import TabularModel
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.prediction import AnsweredPart, Predictions
    from refrain.serving.registry.registry import Registry


def capture_later(
    registry: Registry, request: HttpRequest, servable: TabularModel, raw: Lists, predictions: Predictions
) -> None:
    """Have the answered rows captured, as large a share as the definition says.

    `servable` is the version that was asked, and read the rows; `raw` are the columns as sent.
    """
    share = registry.definition(servable.definition.model).capture
    if share > 0:
        request.afterwards.append(partial(_capture, servable, raw, predictions, share, request.id))


def _capture(servable: TabularModel, raw: Lists, predictions: Predictions, share: float, request: str) -> None:
    records = [_record(servable, raw, predictions, part, request) for part in predictions.parts]
    write_lines([line for record in records for line in prediction_lines(record, share)])


def write_lines(lines: Sequence[str]) -> None:
    """Write lines to the log at once: Lambda flushes each write, and no other lines may come in between."""
    if lines:
        sys.stdout.write("\n".join(lines) + "\n")
        sys.stdout.flush()


def _record(servable: TabularModel, raw: Lists, predictions: Predictions, part: AnsweredPart, request: str) -> Record:
    """Make the record of the rows that one version answered."""
    heard = predictions.shadow
    record = Record(
        model=servable.definition.model,
        version=part.servable.version,
        classes=part.servable.classes,
        form=servable.row_writer,
        ids=predictions.ids,
        columns=predictions.columns,
        aside={name: raw[name] for name in servable.identity_columns if name in raw},
        answers=list(map(",".join, predictions.numbers)),
        unfamiliar=predictions.unfamiliar,
        milliseconds=part.milliseconds,
        fallback=part.fallback,
        shadow=Shadow(heard.version, list(map(",".join, heard.answers)), heard.milliseconds) if heard else None,
        request=request,
    )
    return record if len(predictions.parts) == 1 else record.taken(part.places)
