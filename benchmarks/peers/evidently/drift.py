"""Judges columns with Evidently: its default measure and threshold for each column.

With more than 1,000 training rows the defaults are distances, and a larger one is drift.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.metrics import ValueDrift

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np


def answer(arrays: Mapping[str, np.ndarray]) -> list[str]:
    """Return the names of the columns that drifted."""
    names = arrays["judged"].tolist()
    numbers = [name for name in names if arrays[f"training/{name}"].dtype.kind == "f"]
    kinds = DataDefinition(
        numerical_columns=numbers, categorical_columns=[name for name in names if name not in numbers]
    )
    window, training = (
        Dataset.from_pandas(pd.DataFrame({name: arrays[f"{side}/{name}"] for name in names}), kinds)
        for side in ("window", "training")
    )
    metrics = Report([ValueDrift(column=name) for name in names]).run(window, training).dict()["metrics"]
    return [metric["config"]["column"] for metric in metrics if float(metric["value"]) >= metric["config"]["threshold"]]
