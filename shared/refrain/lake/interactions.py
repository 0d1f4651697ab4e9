"""Interactions as ingest writes them beside the curated rows: typed columns that numpy alone reads, by hour of upload.

Monitoring has no room for what reads Parquet, and needs few columns: who, what, when, and what describes it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from preprocessing import missing
from refrain.lake import keys
from refrain.lake.by_hour import keys_between, read_all
from refrain.lake.packed_columns import pack_columns, unpack_columns
from refrain.lake.receipt import Receipt

if TYPE_CHECKING:
    from datetime import datetime

    from preprocessing import Array, Columns, Definition
    from refrain.aws.storage import Store

ARRIVED = "_arrived"
"""Beside the definition's columns: when the upload came, datetime64[us]."""

MAX_INTERACTIONS = 2_000_000
"""So many are read at most; of more the newest uploads."""


def interaction_columns(definition: Definition) -> list[str]:
    """Name the columns that are left: user, item, what describes it, and the time."""
    roles = definition.roles
    assert roles is not None, "only recommendations have interactions"
    return [name for name in (roles.user, roles.item, *roles.describe, definition.time) if name]


def write_interactions(
    store: Store, definition: Definition, digest: str, part: int, uploaded: datetime, rows: Columns
) -> None:
    """Leave the interactions of one curated part; the same upload leaves the same."""
    chosen = {name: rows[name] for name in interaction_columns(definition)}
    store.write(keys.interactions_key(definition.model, uploaded, digest, part), pack_columns(chosen))


def read_interactions(store: Store, definition: Definition, since: datetime, until: datetime) -> dict[str, Array]:
    """Read the interactions that were uploaded from `since` to before `until` (UTC), in the order of upload.

    An upload without a receipt is not there yet.
    """
    uploads = keys_between(store, keys.interactions_prefix(definition.model), since, until)
    within = [key for key in uploads if since <= keys.time_of_interactions(key) < until]
    there = [key for key in within if store.exists(Receipt.key(definition.model, keys.digest_of_interactions(key)))]
    pieces: list[dict[str, Array]] = []
    read = 0
    for key, content in read_all(store, there[::-1]):
        columns = unpack_columns(content.data)
        read += len(next(iter(columns.values())))
        arrived = np.datetime64(keys.time_of_interactions(key).replace(tzinfo=None), "us")
        pieces.append(columns | {ARRIVED: np.full(len(next(iter(columns.values()))), arrived)})
        if read >= MAX_INTERACTIONS:
            break
    kinds = {name: definition.columns[name].kind for name in interaction_columns(definition)} | {ARRIVED: "time"}
    return {
        name: np.concatenate([missing(kind, 0), *(piece[name] for piece in pieces[::-1] if name in piece)])
        for name, kind in kinds.items()
    }
