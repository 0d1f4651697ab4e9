"""Keeps the interactions of a recommender: rows like all others, which also update the history of each user."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from itertools import batched
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

from refrain.aws.table import MAX_BATCH
from refrain.ingest.curated import ROW
from refrain.ingest.keeping import keep_rows
from refrain.lake.interactions import interaction_columns, write_interactions
from refrain.recommendation.histories import MAX_HISTORY_ITEMS
from refrain.recommendation.history_table import HistoryTable
from refrain.settings import IngestSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from preprocessing import Columns, RecommenderDefinition
    from refrain.aws.storage import Store
    from refrain.ingest.keeping import UploadedFile
    from refrain.lake.receipt import UploadContents

MAX_PARALLEL_BATCHES = 16
"""Batches of users that are sent to the table at the same time."""

logger = logging.getLogger("refrain")


def keep_interactions(definition: RecommenderDefinition, file: UploadedFile, lake: Store) -> UploadContents:
    """Keep the rows of a file, and add them to the histories of its users.

    An interaction without a time counts as of the time of upload. The receipt is written after this: when updating the
    histories fails, the whole upload is tried again, which does no harm. Raises `UnreadableUpload`.
    """
    digest = file.digest(definition)
    contents = keep_rows(file.path, file.format, definition, digest, lake, file.deadline, file.forgotten)
    file.check_forgotten(definition.model, lake)  # the next try would not delete a history that this one makes
    parts = sorted(file.path.parent.glob("part-*.parquet"))
    for number, part in enumerate(parts):
        write_interactions(lake, definition, digest, number, file.uploaded_at, _columns(definition, part))
    users = _update_histories(definition, parts, round(file.uploaded_at.timestamp() * 1e6))
    logger.info("history updated", extra={"model": definition.model, "digest": digest, "users": users})
    return contents


def _update_histories(definition: RecommenderDefinition, parts: Sequence[Path], uploaded: int) -> int:
    """Send the newest items of each user to the table; return how many users were updated."""
    table = HistoryTable(read_settings(IngestSettings).history_table)
    users = 0
    with ThreadPoolExecutor(MAX_PARALLEL_BATCHES) as pool:
        for part in parts:
            tasks = [
                pool.submit(table.update, definition.model, dict(batch))
                for batch in batched(newest_items(definition, part, uploaded), MAX_BATCH, strict=False)
            ]
            users += sum(task.result() for task in tasks)
    return users


def _columns(definition: RecommenderDefinition, part: Path) -> Columns:
    """Read the columns of a curated part that monitoring needs, typed."""
    table = pq.read_table(part, columns=interaction_columns(definition))
    return {name: np.asarray(table.column(name).to_numpy()) for name in table.column_names}


def newest_items(definition: RecommenderDefinition, part: Path, uploaded: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield each user of a curated part, with the newest items and the times (microseconds) of the interactions."""
    roles = definition.roles
    rows = pq.read_table(part, columns=[roles.user, roles.item, definition.time or ROW])
    if not len(rows):
        return
    if not definition.time:  # in the order of the lines
        times = uploaded + rows.column(ROW).to_numpy()
    else:
        times = rows.column(definition.time).to_numpy().astype("datetime64[us]").astype(np.int64)
    users = rows.column(roles.user).combine_chunks().dictionary_encode()
    items = rows.column(roles.item).combine_chunks().dictionary_encode()
    user_codes, item_codes = users.indices.to_numpy(), items.indices.to_numpy()
    user_names, item_names = users.dictionary.to_pylist(), items.dictionary.to_pylist()
    order = np.lexsort((times, user_codes))
    ends = np.flatnonzero(np.append(np.diff(user_codes[order]) != 0, True)) + 1
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        history: dict[str, int] = {}
        for row in order[start:end][::-1].tolist():  # newest first, so the first time of an item is its latest
            history.setdefault(item_names[item_codes[row]], int(times[row]))
            if len(history) > MAX_HISTORY_ITEMS:
                break
        yield user_names[user_codes[order[start]]], history
