"""Train a candidate of a run, or its refit. The manifest is written last; a version exists once its manifest does."""

from __future__ import annotations

import logging
import time
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from preprocessing import RecommenderDefinition
from refrain.errors import CandidateRefused, NotFound
from refrain.events import FLAG, MODEL, RUN, read_fields
from refrain.lake.familiar_rows import share_familiar
from refrain.lake.recipe_again import AGAIN
from refrain.lake.snapshot import Snapshot, read_snapshot_rows, write_candidate_answers
from refrain.lake.version import IMPORTED, Manifest, TrainingRows, version_name
from refrain.training.all_rows import refit_tabular
from refrain.training.searching import take_best
from refrain.training.tabular_fit import train_tabular

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Candidate, Definition
    from preprocessing.model_rules import Option
    from refrain.aws.storage import Store
    from refrain.training.fitted_candidate import FittedCandidate

logger = logging.getLogger("refrain")


@dataclass(frozen=True)
class TrainingRequest:
    """One candidate of one run; with `all_rows` its recipe is fitted again on the holdout too."""

    model: str
    run: str
    candidate: str
    all_rows: bool = False

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> TrainingRequest:
        """Check the input. Raises `InvalidRequest` naming the field and what was expected."""
        fields = {"model": MODEL, "run": RUN, "candidate": MODEL, "all_rows": FLAG.optional(False)}
        return cls(**read_fields(event, fields, closed=True))

    @property
    def version(self) -> str:
        """The name of the version, the same for every try."""
        return version_name(self.run, self.candidate, refitted=self.all_rows)


def train(store: Store, request: TrainingRequest) -> dict[str, object]:
    """Train, export and write one version; return its name and figures.

    A retry takes the version that an earlier try wrote whole, or writes the same names again. One that was fitted
    elsewhere is there already. Raises
    `CandidateRefused` when it cannot be trained or exported, and `NotFound` for a run without a snapshot.
    """
    version = request.version
    if request.candidate == IMPORTED:
        version = str(Snapshot.read(store, request.model, request.run).imported)
    try:
        manifest = Manifest.read(store, request.model, version)
    except NotFound:
        manifest = _train(store, request)
        shown = ("model", "version", "seconds", "fit_seconds", "model_bytes")
        logger.info("candidate trained", extra={name: getattr(manifest, name) for name in shown})
    return {
        "candidate": request.candidate,
        "version": version,
        "seconds": manifest.seconds,
        "fit_seconds": manifest.fit_seconds,
        "rows": manifest.snapshot.train_rows,
    }


def _train(store: Store, request: TrainingRequest) -> Manifest:
    started = time.monotonic()
    snapshot = Snapshot.read(store, request.model, request.run)
    definition, candidate = snapshot.find_candidate(request.candidate)
    if candidate is None:
        raise CandidateRefused(f"{request.candidate}: the definition of this snapshot has no such candidate")
    candidate, chosen = _choose_parameters(store, request, definition, candidate)
    trained = _train_by_task(store, request, definition, candidate)
    trained = replace(trained, chosen=trained.chosen | chosen)
    seconds = time.monotonic() - started
    rows = _learned_rows(snapshot, all_rows=request.all_rows)
    files = trained.version_files(definition, candidate, request.run, rows, seconds, refitted=request.all_rows)
    answers = f"{candidate.name}.refit" if request.all_rows else candidate.name
    write_candidate_answers(store, request.model, request.run, answers, trained.answers)
    files.write(store)
    return files.manifest


def _choose_parameters(
    store: Store, request: TrainingRequest, definition: Definition, candidate: Candidate
) -> tuple[Candidate, dict[str, Option]]:
    """Take the parameters that the run's search found; a refit takes those of its twin."""
    if candidate.search is None or not request.all_rows:
        return take_best(store, definition, request.run, candidate)
    chosen = Manifest.read(store, request.model, version_name(request.run, candidate.name)).chosen
    return replace(candidate, parameters={**candidate.parameters, **chosen}), chosen


def _learned_rows(snapshot: Snapshot, *, all_rows: bool) -> TrainingRows:
    data = snapshot.data
    if all_rows:
        return TrainingRows(
            snapshot.digest, data.train_rows, data.holdout_rows, data.time_range[1], ("train", "holdout")
        )
    return TrainingRows(snapshot.digest, data.train_rows, data.holdout_rows, data.train_until)


def _train_by_task(
    store: Store, request: TrainingRequest, definition: Definition, candidate: Candidate
) -> FittedCandidate:
    training = read_snapshot_rows(store, request.model, request.run, "train")
    holdout = read_snapshot_rows(store, request.model, request.run, "holdout")
    if not isinstance(definition, RecommenderDefinition):
        if request.all_rows:
            twin = Manifest.read(store, request.model, version_name(request.run, candidate.name))
            return refit_tabular(store, definition, candidate, twin, training, holdout)
        own_rows = candidate.name == AGAIN  # by another definition, so from other columns
        share = None if own_rows else partial(share_familiar, store, request.model, request.run)
        return train_tabular(definition, candidate, training, holdout, share)
    from refrain.training.recommendation import (  # scikit-learn's own estimators need none of it
        refit_recommender,
        train_recommender,
    )

    items = read_snapshot_rows(store, request.model, request.run, "items")
    if request.all_rows:
        return refit_recommender(store, definition, candidate, request.run, training, holdout, items)
    return train_recommender(definition, candidate, training, holdout, items)
