"""Interactions are kept like all rows, and at once update the history of each of their users."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.parquet as pq

from refrain.aws.table import MAX_BATCH
from refrain.ingest.curated import ROW
from refrain.ingest.keeping import keep
from refrain.lake.interactions import interaction_columns, write_interactions
from refrain.recommendation.history_table import HistoryTable
from refrain.recommendation.limits import MAX_HISTORY_ITEMS
from refrain.settings import IngestSettings, read_settings

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from preprocessing import Columns, Definition
    from refrain.aws.storage import Store

AT_ONCE = 16
"""Batches of entries that are brought at the same time."""

logger = logging.getLogger("refrain")


def keep_interactions(
    path: Path, form: str, definition: Definition, digest: str, lake: Store, uploaded_at: str
) -> dict[str, Any]:
    """Keep the rows of a file and update its users' histories; return the facts for its receipt.

    An interaction without a time counts from its upload. The receipt comes after this: where updating fails, the
    whole is done again, which changes nothing that was done. Raises `UnreadableUpload`.
    """
    facts = keep(path, form, definition, digest, lake)
    uploaded = round(datetime.fromisoformat(uploaded_at).timestamp() * 1e6)
    parts = sorted(path.parent.glob("part-*.parquet"))
    for number, part in enumerate(parts):
        write_interactions(
            lake, definition, digest, number, datetime.fromisoformat(uploaded_at), _columns(definition, part)
        )
    table = read_settings(IngestSettings).history_table
    users = 0
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for part in parts:
            tasks = [
                pool.submit(HistoryTable(table).update, definition.model, dict(some))
                for some in batched(news_of(definition, part, uploaded), MAX_BATCH, strict=False)
            ]
            users += sum(task.result() for task in tasks)
    logger.info("history updated", extra={"model": definition.model, "digest": digest, "users": users})
    return facts


def _columns(definition: Definition, part: Path) -> Columns:
    """Read what monitoring needs of a curated part, typed."""
    table = pq.read_table(part, columns=interaction_columns(definition))
    return {name: np.asarray(table.column(name).to_numpy()) for name in table.column_names}


def news_of(definition: Definition, part: Path, uploaded: int) -> Iterator[tuple[str, dict[str, int]]]:
    """Yield each user of a curated part, with the newest items and when each was chosen last (microseconds)."""
    roles = definition.roles
    assert roles is not None, "only recommendations have interactions"
    rows = pq.read_table(part, columns=[roles.user, roles.item, definition.time or ROW])
    if not len(rows):
        return
    if not definition.time:  # one after the other, as the lines are
        times = uploaded + rows.column(ROW).to_numpy()
    else:
        times = rows.column(definition.time).to_numpy().astype("datetime64[us]").astype(np.int64)
    users = rows.column(roles.user).combine_chunks().dictionary_encode()
    items = rows.column(roles.item).combine_chunks().dictionary_encode()
    numbers, codes = users.indices.to_numpy(), items.indices.to_numpy()
    names, titles = users.dictionary.to_pylist(), items.dictionary.to_pylist()
    order = np.lexsort((times, numbers))
    ends = np.flatnonzero(np.append(np.diff(numbers[order]) != 0, True)) + 1
    for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True):
        seen: dict[str, int] = {}
        for row in order[start:end][::-1].tolist():  # the newest first, so the first time of an item is its latest
            seen.setdefault(titles[codes[row]], int(times[row]))
            if len(seen) > MAX_HISTORY_ITEMS:
                break
        yield names[numbers[order[start]]], seen
