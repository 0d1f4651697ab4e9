"""Stored objects with plausible values, for tests that need one and do not care about most of it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preprocessing import __version__ as preprocessing_version
from refrain.lake.compared_counts import ComparedCounts
from refrain.lake.evaluation import CandidateVerdict, Evaluation, GateDecision, ModelSummary
from refrain.lake.model_definition import ModelDefinition, definition_digest
from refrain.lake.snapshot import DataSummary, LabelCounts, Snapshot, SplitSummary
from refrain.lake.stakes import Stakes
from refrain.lake.version import Manifest, TrainingRows

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.aws.storage import Store

RUN = "20261123T120409-3fa9c1"
EXAMPLES = Path(__file__).parents[1] / "examples"


def define(store: Store, model: str, text: str | None = None) -> None:
    """Let a definition count, also one that cannot be used; without a text, the example of this name."""
    text = (EXAMPLES / f"{model}.toml").read_text(encoding="utf-8") if text is None else text
    digest, at = definition_digest(text), "2026-11-23T12:00:00Z"
    ModelDefinition(digest, at, "a test", model, text).write(store, model)


def make_snapshot(
    definition: Definition, run: str = RUN, *, train_rows: int = 400, holdout_rows: int = 100
) -> Snapshot:
    """Describe a run that froze so many rows of no upload."""
    data = DataSummary(
        receipts=0,
        uploads=[],
        rows=train_rows + holdout_rows,
        train_rows=train_rows,
        holdout_rows=holdout_rows,
        merged_duplicates=0,
        unusable_rows=0,
        rows_outside_window=0,
        left_out=0,
        split=SplitSummary("hash", "", None),
        target=definition.predicted_column,
        time_range=("2026-11-01T00:00:00Z", "2026-11-02T00:00:00Z"),
        train_until="2026-11-01T12:00:00Z",
        labelled=LabelCounts(0, 0, 0, 0, []),
    )
    return Snapshot(
        model=definition.model,
        run=run,
        reason="weekly",
        started_at="2026-11-23T12:04:09Z",
        digest="d1",
        definition=dict(definition.document),
        preprocessing=preprocessing_version,
        receipts=[],
        data=data,
    )


def make_manifest(definition: Definition, version: str = f"{RUN}-logistic", **changes: Any) -> Manifest:
    """Describe a version of a run."""
    run, _, candidate = version.rpartition("-")
    manifest = Manifest(
        model=definition.model,
        version=version,
        run=run,
        candidate=candidate,
        estimator="sklearn.linear_model.LogisticRegression",
        task=definition.task,
        created_at="2026-11-23T12:05:00Z",
        definition=dict(definition.document),
        preprocessing=preprocessing_version,
        snapshot=TrainingRows("d1", 400, 100),
        libraries={"numpy": "2.0.0"},
        features_recipe="onehot",
        vocabularies={},
        features=definition.features,
        classes=None,
        model_sha256="",
        model_bytes=0,
        fit_seconds=0.1,
        seconds=0.5,
    )
    return replace(manifest, **changes)


def make_evaluation(definition: Definition, candidate: ModelSummary, run: str = RUN) -> Evaluation:
    """Describe a run whose only candidate was promoted as the first model."""
    figures = candidate.figures
    verdict = CandidateVerdict(figures.name, figures.version, "promoted", "It is the first model.")
    return Evaluation(
        model=definition.model,
        run=run,
        task=definition.task,
        metric=definition.training.metric,
        reason="weekly",
        started_at="2026-11-23T12:04:09Z",
        finished_at="2026-11-23T12:05:51.000Z",
        data=make_snapshot(definition, run).data,
        compared=ComparedCounts(100),
        gate=definition.gate,
        champion=None,
        candidates=[candidate],
        decision=GateDecision(True, "first_model", figures.version, verdict.reason, (verdict,)),
        outcome="promoted",
        stakes=Stakes(None, None, 100),
    )
