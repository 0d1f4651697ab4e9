"""Models that were fitted elsewhere, and the rows that they were fitted on, for the tests of the import."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.compose import make_column_transformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 400
NUMBERS, TEXTS = ["age", "income"], ["city", "grade"]


@dataclass(frozen=True)
class Elsewhere:
    """A table as a person has it: features with gaps, texts with spaces, whole numbers that are categories."""

    features: pd.DataFrame
    target: Any

    def write(self, folder: Path) -> Path:
        """Write the rows as a file."""
        file = folder / "people.csv"
        self.features.assign(bought=self.target).to_csv(file, index=False)
        return file


def people(rows: int = ROWS) -> Elsewhere:
    """Make people who buy by their age, income and city."""
    random = np.random.default_rng(7)
    features = pd.DataFrame(
        {
            "age": random.normal(40, 12, rows).round(1),
            "city": random.choice(["York", "Paris", "New  York"], rows),
            "income": random.lognormal(10, 0.5, rows).round(2),
            "grade": random.integers(1, 5, rows),
        }
    )
    score = (features.age - 40) / 12 + (features.city == "Paris") - (features.grade == 2)
    bought = np.where(score + random.normal(0, 0.5, rows) > 0, "yes", "no")
    for name in ("age", "city"):
        features.loc[random.random(rows) < 0.1, name] = np.nan
    return Elsewhere(features, bought)


def encoding() -> Any:
    """Make the usual steps: impute and scale numbers, impute and encode categories."""
    return make_column_transformer(
        (make_pipeline(SimpleImputer(), StandardScaler()), NUMBERS),
        (make_pipeline(SimpleImputer(strategy="most_frequent"), OneHotEncoder(handle_unknown="ignore")), TEXTS),
    )


def pipeline(table: Elsewhere) -> Any:
    """Fit the usual pipeline."""
    return make_pipeline(encoding(), LogisticRegression()).fit(table.features, table.target)
