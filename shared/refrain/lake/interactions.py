"""Interactions as ingest stores them beside the curated rows, for monitoring: its function cannot read Parquet.

interactions/<model>/<YYYY>/<MM>/<DD>/<HH>/<time>-<digest>-<part>.npz   typed columns, by the hour (UTC) of upload
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import numpy as np

from preprocessing import missing
from refrain.lake.by_hour import keys_between, read_all
from refrain.lake.packed_columns import pack_columns, unpack_columns
from refrain.lake.receipt import Receipt
from refrain.times import to_datetime64

if TYPE_CHECKING:
    from preprocessing import Array, Columns, RecommenderDefinition
    from refrain.aws.storage import Store

ARRIVED = "_arrived"
"""A column beside the definition's: the time of upload, datetime64[us]."""

MAX_READ_INTERACTIONS = 2_000_000
"""Of more interactions the newest uploads are read."""

_TIME = "%Y%m%dT%H%M%S%f"


def interactions_prefix(model: str) -> str:
    """Return the prefix of a model's interactions; below it are folders by the hour."""
    return f"interactions/{model}/"


def interaction_columns(definition: RecommenderDefinition) -> list[str]:
    """Return the names of the stored columns: user, item, descriptions and time."""
    roles = definition.roles
    return [name for name in (roles.user, roles.item, *roles.describe, definition.time) if name]


def write_interactions(
    store: Store, definition: RecommenderDefinition, digest: str, part: int, uploaded: datetime, rows: Columns
) -> None:
    """Write the interactions of one curated part; the same upload writes the same."""
    key = f"{interactions_prefix(definition.model)}{uploaded:%Y/%m/%d/%H/{_TIME}}-{digest}-{part:04d}.npz"
    store.write(key, pack_columns({name: rows[name] for name in interaction_columns(definition)}))


def read_interactions(
    store: Store, definition: RecommenderDefinition, since: datetime, until: datetime
) -> dict[str, Array]:
    """Read the interactions that were uploaded from `since` to before `until` (UTC), in the order of upload.

    An upload counts once it has its receipt.
    """
    keys = keys_between(store, interactions_prefix(definition.model), since, until)
    keys = [key for key in keys if since <= _uploaded_at(key) < until]
    keys = [key for key in keys if store.exists(Receipt.key(definition.model, key.rpartition("/")[2].split("-")[1]))]
    parts: list[dict[str, Array]] = []
    rows = 0
    for key, content in read_all(store, keys[::-1]):
        columns = unpack_columns(content.data)
        arrived = np.full(len(next(iter(columns.values()))), to_datetime64(_uploaded_at(key)))
        parts.append(columns | {ARRIVED: arrived})
        rows += len(arrived)
        if rows >= MAX_READ_INTERACTIONS:
            break
    kinds = {name: definition.columns[name].kind for name in interaction_columns(definition)} | {ARRIVED: "time"}
    return {
        name: np.concatenate([missing(kind, 0), *(part[name] for part in parts[::-1] if name in part)])
        for name, kind in kinds.items()
    }


def _uploaded_at(key: str) -> datetime:
    return datetime.strptime(key.rpartition("/")[2].partition("-")[0], _TIME).replace(tzinfo=UTC)
