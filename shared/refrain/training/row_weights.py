"""How much each training row counts, where the definition names a column that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from preprocessing import Columns, Definition
    from refrain.arrays import Floats


def row_weights(definition: Definition, columns: Columns) -> Floats | None:
    """Return the weights of rows, None where each counts once."""
    name = definition.training.weight
    return np.asarray(columns[name], np.float64) if name else None
