"""The frozen rows of a retraining run: `snapshot.json` says what they are and where they came from.

snapshots/<model>/<run>/snapshot.json   written last: a run without it froze nothing
snapshots/<model>/<run>/train.npz, holdout.npz, and of a recommender items.npz   typed columns
snapshots/<model>/<run>/rows.npz        the hashes that name the rows (see `learned_rows`)
snapshots/<model>/<run>/answers/<candidate>.npz   the answers of a trained candidate to the holdout
snapshots/<model>/<run>/answers/<candidate>.refit.npz, and of rows also .f64   those that prove its refit on all rows
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from preprocessing import parse_definition
from refrain.events import RUN_NAME
from refrain.lake.document import Document, StoredDocument
from refrain.lake.packed_columns import PackedColumns, PackedFile, pack_arrays, unpack_arrays
from refrain.lake.recipe_again import AGAIN, RecipeAgain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from preprocessing import Array, Candidate, Definition
    from refrain.aws.storage import Store

type SnapshotPart = Literal["train", "holdout", "items"]
"""The rows to learn from, the rows to judge by, and each item of a recommender once, with its descriptions."""


@dataclass(frozen=True)
class UploadSummary(Document):
    """An upload that rows came from, by its receipt."""

    source: str
    uploaded_at: str
    rows_kept: int
    rows_rejected: int


@dataclass(frozen=True)
class SplitSummary(Document):
    """How training and holdout rows were told apart; `cut` is the first time of the holdout when split by time."""

    by: Literal["time", "upload", "hash"]
    window: str
    cut: str | None


@dataclass(frozen=True)
class LabelReason(Document):
    """Why the definition refuses rows of labelled predictions, and how many."""

    column: str
    reason: str
    rows: int


@dataclass(frozen=True)
class LabelCounts(Document):
    """What became of the labels; `rows` counts the labelled predictions among the rows of the snapshot.

    `left_out` are of older predictions than a snapshot holds.
    """

    rows: int
    labels: int
    unmatched: int
    unusable: int
    reasons: list[LabelReason]
    left_out: int = 0


@dataclass(frozen=True)
class ClassCounts(Document):
    """The rows of one class on each side of the split."""

    name: str
    train: int
    holdout: int


@dataclass(frozen=True)
class TargetSummary(Document):
    """The target of a regression: five numbers and the mean."""

    min: float
    lower_quartile: float
    median: float
    mean: float
    upper_quartile: float
    max: float


@dataclass(frozen=True)
class DataSummary(Document):
    """What a run learns from and is judged by.

    `left_out` counts rows beyond what training holds. `time_range` has the first and last event time, or the times of
    upload and prediction where there is no event time; no training row is newer than `train_until`. `classes` belong to
    a classification, `summary` to a regression, `users` and `items` to a recommender.
    """

    receipts: int
    uploads: list[UploadSummary]
    rows: int
    train_rows: int
    holdout_rows: int
    merged_duplicates: int
    unusable_rows: int
    rows_outside_window: int
    left_out: int
    split: SplitSummary
    target: str
    time_range: tuple[str, str]
    train_until: str
    labelled: LabelCounts
    classes: list[ClassCounts] | None = None
    summary: TargetSummary | None = None
    users: int | None = None
    items: int | None = None


@dataclass(frozen=True)
class Snapshot(StoredDocument):
    """What a run froze. `digest` names the rows and what they are used for, `receipts` the uploads by their digests.

    `imported` is a version that was fitted elsewhere, which the run compares instead of training its candidates.
    """

    path = "snapshots/{}/{}/snapshot.json"

    model: str
    run: str
    reason: str
    started_at: str
    digest: str
    definition: dict[str, Any]
    preprocessing: str
    receipts: list[str]
    data: DataSummary
    again: RecipeAgain | None = None
    imported: str | None = None

    def parse_definition(self) -> Definition:
        """Return the definition that the run works by."""
        return parse_definition(self.model, self.definition, "snapshot.json")

    def find_candidate(self, name: str) -> tuple[Definition, Candidate | None]:
        """Find a candidate, and the definition to fit it by: the champion's recipe has one of its own."""
        if self.again and self.again.definition and name == AGAIN:
            definition = parse_definition(self.model, self.again.definition, "snapshot.json")
            return definition, replace(definition.training.candidates[0], name=AGAIN)
        definition = self.parse_definition()
        return definition, next((item for item in definition.training.candidates if item.name == name), None)


def snapshot_key(model: str, run: str, name: str) -> str:
    """Return the key of a file in the folder of a run."""
    return f"snapshots/{model}/{run}/{name}"


def list_runs(store: Store, model: str) -> list[str]:
    """List the runs of a model that froze rows, in the order in which they started."""
    prefix = f"snapshots/{model}/"
    runs = [key.removeprefix(prefix).removesuffix("/snapshot.json") for key in store.keys(prefix)]
    return sorted(run for run in runs if RUN_NAME.fullmatch(run))


def list_run_folders(store: Store, model: str) -> list[str]:
    """List the runs of a model that wrote anything, also those that ended before they froze rows."""
    prefix = f"snapshots/{model}/"
    return sorted({key.removeprefix(prefix).partition("/")[0] for key in store.keys(prefix)})


def run_of_version(version: str) -> str:
    """Return the run that a version was trained in.

    >>> run_of_version("20261123T120409-3f79bb-logistic")
    '20261123T120409-3f79bb'
    """
    return version[: len("20261123T120409-3f79bb")]


def run_started_at(run: str) -> datetime:
    """Read when a run started (UTC) from its name, or from that of a version of it.

    >>> run_started_at("20261123T120409-3f79bb-logistic").isoformat()
    '2026-11-23T12:04:09+00:00'
    """
    return datetime.strptime(run[:15], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)


def read_snapshot_rows(store: Store, model: str, run: str, part: SnapshotPart) -> PackedColumns:
    """Fetch rows of a snapshot to a file without a name; its columns are read from it one by one."""
    file = TemporaryFile()  # noqa: SIM115 - lives as long as its columns
    store.download(snapshot_key(model, run, f"{part}.npz"), file)
    return PackedColumns(file)


def write_snapshot_rows(store: Store, model: str, run: str, part: SnapshotPart, rows: PackedFile) -> None:
    """Write rows of a snapshot: all of them at once, when all are there."""
    rows.finish()
    store.upload(rows.file, snapshot_key(model, run, f"{part}.npz"))


def read_candidate_answers(store: Store, model: str, run: str, candidate: str) -> dict[str, Array]:
    """Read the answers of a trained candidate to the holdout.

    They are `answers` float64 [rows, classes or 1] in the order of the holdout, or a recommender's lists: `items`
    (codes) and `scores` [users, length].
    """
    return unpack_arrays(store.read(snapshot_key(model, run, f"answers/{candidate}.npz")).data)


def write_candidate_answers(store: Store, model: str, run: str, candidate: str, answers: dict[str, Array]) -> None:
    """Write them, under the same names."""
    store.write(snapshot_key(model, run, f"answers/{candidate}.npz"), pack_arrays(**answers))


def read_refit_answers(store: Store, model: str, run: str, candidate: str, width: int) -> NDArray[np.float64]:
    """Fetch the answers [rows, width] of a refitted model to the training rows, then to the holdout: mapped from disk.

    Raises `NotFound`.
    """
    with TemporaryFile() as file:  # its pages stay when it is closed
        store.download(snapshot_key(model, run, f"answers/{candidate}.refit.f64"), file)
        return np.memmap(file, np.float64, "r").reshape(-1, width)


def write_refit_answers(
    store: Store, model: str, run: str, candidate: str, blocks: Iterable[NDArray[np.float64]]
) -> None:
    """Write them block by block, so that memory stays bounded."""
    with TemporaryFile() as file:
        for block in blocks:
            file.write(np.ascontiguousarray(block).data)
        store.upload(file, snapshot_key(model, run, f"answers/{candidate}.refit.f64"))
