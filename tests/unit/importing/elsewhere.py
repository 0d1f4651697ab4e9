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

from preprocessing import Candidate, objects, parse_definition, prepare
from refrain.importing.fitted_source import FittedSource
from refrain.importing.imported_model import fit_model
from refrain.importing.proved_version import prove_version
from refrain.lake.version import TrainingRows
from refrain.training.imported_fit import RECIPE, describe_imported, export_fitted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from preprocessing import Columns, Definition
    from refrain.importing.imported_model import ImportedModel
    from refrain.importing.model_source import ModelSource
    from refrain.lake.parity_figures import Parity
    from refrain.lake.version import VersionFiles

ROWS = 400
NAMES = ["age", "city", "income", "grade"]
NUMBERS, TEXTS = ["age", "income"], ["city", "grade"]


@dataclass(frozen=True)
class Elsewhere:
    """A table as a person has it: features with gaps, texts with spaces, whole numbers that are categories."""

    features: pd.DataFrame
    target: Any
    grade: str = "category"

    @property
    def definition(self) -> Definition:
        """A definition for the rows."""
        kinds = {"age": "number", "city": "category", "income": "number", "grade": self.grade}
        is_class = isinstance(self.target[0], str)
        estimator = "sklearn.linear_model.LogisticRegression" if is_class else "sklearn.linear_model.Ridge"
        document = {
            "task": "classification" if is_class else "regression",
            "target": "bought",
            "columns": {
                name: {"type": kind}
                for name, kind in (*kinds.items(), ("bought", "category" if is_class else "number"))
            },
            "training": {"candidates": [{"name": "linear", "estimator": estimator}]},
        }
        return parse_definition("people", document, "people.toml")

    def typed(self, definition: Definition | None = None) -> Columns:
        """Read the rows by a definition."""
        table = self.features.assign(bought=self.target).astype(object)
        raw = {
            name: objects([None if value != value else value for value in table[name]]) for name in (*NAMES, "bought")
        }
        columns, problems = prepare(definition or self.definition, raw, len(table))
        assert not problems
        return columns

    def write(self, folder: Path) -> Path:
        """Write the rows as a file."""
        file = folder / "people.csv"
        self.features.assign(bought=self.target).to_csv(file, index=False)
        return file


def people(rows: int = ROWS, seed: int = 7) -> Elsewhere:
    """Make people who buy by their age, income and city."""
    random = np.random.default_rng(seed)
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


def fitted(estimator: Any, names: Sequence[str] = (), classes: Sequence[str] = ()) -> FittedSource:
    """Open a fitted estimator."""
    return FittedSource(estimator, names, classes, export_fitted)


def register(source: ModelSource, table: Elsewhere) -> tuple[ImportedModel, VersionFiles, Parity]:
    """Fit a model into the definition of a table, and prove its version."""
    imported = fit_model(source, table.definition, table.typed())
    candidate, rows = Candidate("imported", source.estimator, RECIPE, {}), TrainingRows("d", len(imported.answers), 0)
    files = describe_imported(imported).version_files(
        imported.definition, candidate, "20261130T120000-3fa9c1", rows, 0.0
    )
    return imported, files, prove_version(imported, files)
