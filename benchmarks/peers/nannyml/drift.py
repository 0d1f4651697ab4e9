"""Judges columns with NannyML: univariate drift with its default method and thresholds.

The window is one chunk. Thresholds come from chunks of training rows that are as long, or from its default of ten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import nannyml
import pandas as pd
from nannyml.chunk import CountBasedChunker

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


CHUNKS = 10


def answer(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """Return the names of the columns that drifted."""
    names = arrays["judged"].tolist()
    training, window = (
        pd.DataFrame({name: arrays[f"{side}/{name}"] for name in names}) for side in ("training", "window")
    )
    rows = min(len(window), len(training) // CHUNKS)
    calculator = nannyml.UnivariateDriftCalculator(column_names=names, chunk_size=rows)
    calculator.fit(training)
    calculator.chunker = CountBasedChunker(1)
    drifted = calculator.calculate(window).filter(period="analysis").to_df()
    return [name for name in names if bool(drifted[(name, "jensen_shannon", "alert")].iloc[0])]
