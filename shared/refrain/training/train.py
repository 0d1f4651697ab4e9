"""Train a candidate of a run. The manifest is written last; a version exists once its manifest does."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition, encode, learn_vocabularies
from refrain.errors import CandidateRefused, NotFound
from refrain.events import MODEL, RUN, read_fields
from refrain.lake.snapshot import Snapshot, read_snapshot_rows, write_candidate_answers
from refrain.lake.version import Golden, Manifest, TrainingRows
from refrain.training.baseline import make_baseline
from refrain.training.export import export
from refrain.training.fitted_candidate import FittedCandidate
from refrain.training.fitting import fit
from refrain.training.golden import answer_instances, golden_rows

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Candidate, Columns, Definition
    from refrain.aws.storage import Store

logger = logging.getLogger("refrain")


@dataclass(frozen=True)
class TrainingRequest:
    """One candidate of one run."""

    model: str
    run: str
    candidate: str

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> TrainingRequest:
        """Check the input. Raises `InvalidRequest` naming the field and what was expected."""
        return cls(**read_fields(event, {"model": MODEL, "run": RUN, "candidate": MODEL}, closed=True))

    @property
    def version(self) -> str:
        """The name of the version, the same for every try."""
        return f"{self.run}-{self.candidate}"


def train(store: Store, request: TrainingRequest) -> dict[str, object]:
    """Train, export and write one version; return its name and figures.

    A retry takes the version that an earlier try wrote whole, or writes the same names again. Raises
    `CandidateRefused` when it cannot be trained or exported, and `NotFound` for a run without a snapshot.
    """
    try:
        manifest = Manifest.read(store, request.model, request.version)
    except NotFound:
        manifest = _train(store, request)
        shown = ("model", "version", "seconds", "fit_seconds", "model_bytes")
        logger.info("candidate trained", extra={name: getattr(manifest, name) for name in shown})
    return {
        "candidate": request.candidate,
        "version": request.version,
        "seconds": manifest.seconds,
        "fit_seconds": manifest.fit_seconds,
        "rows": manifest.snapshot.train_rows,
    }


def _train(store: Store, request: TrainingRequest) -> Manifest:
    started = time.monotonic()
    snapshot = Snapshot.read(store, request.model, request.run)
    definition = snapshot.parse_definition()
    candidate = next((item for item in definition.training.candidates if item.name == request.candidate), None)
    if candidate is None:
        raise CandidateRefused(f"{request.candidate}: the definition of this snapshot has no such candidate")
    trained = _train_by_task(store, request, definition, candidate)
    data = snapshot.data
    rows = TrainingRows(snapshot.digest, data.train_rows, data.holdout_rows, data.train_until)
    files = trained.version_files(definition, candidate, request.run, rows, time.monotonic() - started)
    write_candidate_answers(store, request.model, request.run, candidate.name, trained.answers)
    files.write(store)
    return files.manifest


def _train_by_task(
    store: Store, request: TrainingRequest, definition: Definition, candidate: Candidate
) -> FittedCandidate:
    training = read_snapshot_rows(store, request.model, request.run, "train")
    holdout = read_snapshot_rows(store, request.model, request.run, "holdout")
    if not isinstance(definition, RecommenderDefinition):
        return train_tabular(definition, candidate, training, holdout)
    from refrain.training.recommendation import train_recommender  # scikit-learn's own estimators need none of it

    items = read_snapshot_rows(store, request.model, request.run, "items")
    return train_recommender(definition, candidate, training, holdout, items)


def train_tabular(definition: Definition, candidate: Candidate, training: Columns, holdout: Columns) -> FittedCandidate:
    """Fit a pipeline on training columns, export and profile it; nothing is written."""
    vocabularies = learn_vocabularies(definition, training)
    matrix = encode(definition, vocabularies, training)
    started = time.monotonic()
    fitted = fit(definition, candidate, vocabularies, matrix, training[definition.target])
    fit_seconds = time.monotonic() - started
    answers = fitted.answers(encode(definition, vocabularies, holdout))
    rows = golden_rows(definition, training)
    return FittedCandidate(
        graph=export(fitted, len(definition.features)),
        baseline=make_baseline(definition, training, matrix, fitted.classes, answers, holdout),
        golden=Golden(list(rows), answer_instances(definition, vocabularies, fitted, rows).tolist()),
        answers={"answers": answers},
        fit_seconds=fit_seconds,
        recipe=fitted.recipe,
        vocabularies=vocabularies,
        features=definition.features,
        classes=fitted.classes,
    )
