"""Regressions on targets of every size, trained, exported and loaded as a run does it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import objects, parse_definition
from refrain.lake.version import TrainingRows, VersionFiles
from refrain.model.tabular import TabularModel
from refrain.training.tabular_fit import train_tabular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Columns
    from refrain.arrays import Floats

ROWS, HELD = 400, 100

RANDOM = np.random.default_rng(17)
SIGNAL, NOISE, GROUPS = RANDOM.normal(size=ROWS), RANDOM.normal(size=ROWS), RANDOM.choice(["a", "b", "c"], ROWS)
SHAPE = 0.8 * SIGNAL + 0.5 * NOISE**2 + np.where(GROUPS == "a", 1.0, 0.0)
TARGETS: Mapping[str, Floats] = {
    "years": 2000 + 9 * SHAPE,
    "prices": 250_000 * np.exp(SHAPE),
    "timestamps": 1.7e9 + 300 * SHAPE,
    "tiny": 1e-9 * SHAPE,
    "huge": 1e42 * SHAPE,
}


@dataclass(frozen=True)
class Regression:
    """A version as inference loads it, with what training wrote and the held-out rows."""

    files: VersionFiles
    model: TabularModel
    holdout: Columns
    expected: Floats

    @property
    def features(self) -> Floats:
        """The held-out features in float64."""
        return np.asarray(self.model.encode(self.holdout), dtype=np.float64)

    def written(self) -> Floats:
        """Answer the held-out rows as callers read them."""
        scores = self.model.predict_columns(self.holdout)
        return np.array(self.model.answer_writer.numbers(scores.ravel().tolist()), dtype=np.float64)


def learn_regression(
    estimator: str,
    target: Floats,
    *,
    transform: str = "none",
    limits: Mapping[str, float] | None = None,
    groups: bool = True,
    **parameters: Any,
) -> Regression:
    """Train one candidate on two numbers (the first one with `limits`) and a category, and load its version."""
    document = {
        "task": "regression",
        "target": "y",
        "columns": {
            "signal": {"type": "number", **(limits or {})},
            "noise": {"type": "number"},
            **({"group": {"type": "category"}} if groups else {}),
            "y": {"type": "number"},
        },
        "training": {
            "transform": transform,
            "candidates": [{"name": "tried", "estimator": f"sklearn.{estimator}", **parameters}],
        },
    }
    definition = parse_definition("exact", document, "exact.toml")
    candidate = definition.training.candidates[0]
    columns = {"signal": SIGNAL, "noise": NOISE, "group": objects(GROUPS.tolist()), "y": target}
    training, holdout = ({name: column[part] for name, column in columns.items()} for part in (_LEARNED, _HELD_OUT))
    trained = train_tabular(definition, candidate, training, holdout, lambda _: b"")
    files = trained.version_files(definition, candidate, "run", TrainingRows("", ROWS - HELD, HELD), 0.0)
    return Regression(files, TabularModel.load(files.manifest, files.model), holdout, trained.answers["answers"])


_LEARNED, _HELD_OUT = slice(0, ROWS - HELD), slice(ROWS - HELD, ROWS)
