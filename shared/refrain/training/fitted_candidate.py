"""A trained candidate, whatever its task: the parts from which the files of its version are made."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import skl2onnx
import sklearn

from preprocessing import __version__ as preprocessing_version
from preprocessing.own_functions import digest_functions
from refrain.lake.version import CatalogueItems, Manifest, TrainingRows, VersionFiles, version_name
from refrain.times import to_iso
from refrain.training.estimators import REPEATABLE

if TYPE_CHECKING:
    from preprocessing import Array, Candidate, Definition, Vocabularies
    from refrain.lake.calibrated import Calibrated
    from refrain.lake.decision_rule import DecisionRule
    from refrain.lake.target_scale import TargetScale
    from refrain.lake.training_history import TrainingHistory
    from refrain.lake.version import Baseline, Golden

LIBRARIES = {"numpy": np, "scikit-learn": sklearn, "skl2onnx": skl2onnx, "onnx": onnx}


@dataclass(frozen=True)
class FittedCandidate:
    """A fitted estimator as a graph, with its proofs.

    `answers` are its own answers to the holdout (see `lake.snapshot.read_candidate_answers`). `chosen` are parameters
    that training chose. `catalogue` and `users` belong to a recommender, what stands before them to a tabular model.
    """

    graph: bytes
    baseline: Baseline
    golden: Golden
    answers: dict[str, Array]
    fit_seconds: float
    recipe: str = "none"
    vocabularies: Vocabularies = field(default_factory=dict)
    features: tuple[str, ...] = ()
    classes: tuple[str, ...] | None = None
    positive: str | None = None
    trivial: tuple[float, ...] | None = None
    target_scale: TargetScale | None = None
    familiar: bytes | None = None
    calibrated: Calibrated | None = None
    rule: DecisionRule | None = None
    history: TrainingHistory | None = None
    catalogue: CatalogueItems | None = None
    users: int | None = None
    chosen: dict[str, str | bool | int | float] = field(default_factory=dict)

    def version_files(
        self,
        definition: Definition,
        candidate: Candidate,
        run: str,
        rows: TrainingRows,
        seconds: float,
        *,
        refitted: bool = False,
    ) -> VersionFiles:
        """Make the files of the version; `seconds` is how long it took from the snapshot to here."""
        manifest = Manifest(
            model=definition.model,
            version=version_name(run, candidate.name, refitted=refitted),
            run=run,
            candidate=candidate.name,
            estimator=candidate.estimator,
            task=definition.task,
            created_at=to_iso(datetime.now(UTC)),
            definition=dict(definition.document),
            preprocessing=preprocessing_version,
            snapshot=rows,
            libraries={name: module.__version__ for name, module in _libraries(candidate).items()},
            features_recipe=self.recipe,
            vocabularies=dict(self.vocabularies),
            features=self.features,
            classes=self.classes,
            model_sha256=hashlib.sha256(self.graph).hexdigest(),
            model_bytes=len(self.graph),
            fit_seconds=round(self.fit_seconds, 3),
            seconds=round(seconds, 3),
            items=None if self.catalogue is None else len(self.catalogue.items),
            users=self.users,
            judged=version_name(run, candidate.name) if refitted else None,
            positive=self.positive,
            trivial=self.trivial,
            calibrated=self.calibrated,
            target_scale=self.target_scale,
            rule=self.rule,
            chosen=self.chosen,
            functions=digest_functions(definition.derived),
        )
        parts = (manifest, self.graph, self.baseline, self.golden, self.catalogue)
        return VersionFiles(*parts, familiar=self.familiar, history=self.history)


def _libraries(candidate: Candidate) -> dict[str, Any]:
    library = candidate.estimator.partition(".")[0]
    return LIBRARIES | ({library: import_module(library)} if library in REPEATABLE else {})
