"""Refuse rows of people who were forgotten: nothing of such a row is kept but its number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from preprocessing import objects
from refrain.ingest.curated import ROW
from refrain.statistics.hashing import salted_hashes

if TYPE_CHECKING:
    from typing import Any

    from preprocessing import Array, Definition
    from refrain.ingest.rejected import Rejected
    from refrain.lake.forgotten_keys import ForgottenKeys


def refuse_forgotten(table: pa.Table, definition: Definition, forgotten: ForgottenKeys, rejected: Rejected) -> pa.Table:
    """Reject the rows of forgotten keys; return the others."""
    names = [name for name in forgotten.names if name in definition.columns]
    if not names or not table.num_rows:
        return table
    theirs = forgotten.mark({name: _typed(table.column(name)) for name in names}, salted_hashes)
    if not theirs.any():
        return table
    for number in table.column(ROW).to_numpy()[theirs].tolist():
        rejected.forgotten(number, names[0])
    return table.filter(pa.array(~theirs))


def _typed(column: Any) -> Array:
    """Return a column as `prepare` types it."""
    if pa.types.is_dictionary(column.type):
        return objects(column.to_pylist())
    array = np.asarray(column.to_numpy())
    return array.astype(np.float64) if pa.types.is_boolean(column.type) else array
