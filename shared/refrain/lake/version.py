"""The files of a model version. They never change; a version exists once its manifest, the last of them, is written.

versions/<model>/<version>/manifest.json    where it comes from, and how its graph is to be asked
versions/<model>/<version>/model.onnx       the graph
versions/<model>/<version>/baseline.json    what later data is held against (see `feature_profile`)
versions/<model>/<version>/history.npz      how the training rows came over time (see `training_history`)
versions/<model>/<version>/golden.json      rows and the answers that the graph has to give to them
versions/<model>/<version>/familiar.npz     what rows are like those of training (see `familiar_rows`)
versions/<model>/<version>/catalogue.json   the items of a recommender
versions/<model>/<version>/footprint.json   what it takes to load it, measured by the first run that evaluates it
versions/<model>/<version>/report.html      the report of the run that promoted it
"""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from preprocessing import parse_definition
from preprocessing.definition import Task
from preprocessing.own_functions import digest_functions
from refrain.errors import BrokenVersion, NotFound
from refrain.lake.calibrated import Calibrated
from refrain.lake.decision_rule import DecisionRule
from refrain.lake.document import Document, StoredDocument
from refrain.lake.feature_profile import AnswerProfile, Profile, Turnover
from refrain.lake.footprint import Footprint
from refrain.lake.parity_figures import AnswerSpread
from refrain.lake.target_scale import TargetScale

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition
    from refrain.aws.storage import Store
    from refrain.lake.training_history import TrainingHistory

FILES = ("manifest.json", "model.onnx", "baseline.json", "golden.json")
"""The files that training writes of every version; a recommender has its catalogue besides."""

PORTABLE_FILES = ("manifest.json", "model.onnx", "golden.json")
"""What a version needs to answer, and to prove that it answers as it should."""

RECIPE_PARTS = ("task", "target", "key", "time", "source", "columns", "derived")
"""The parts of a definition that shape what is learned, besides the candidate itself."""

IMPORTED = "imported"
"""The candidate of a version that was fitted elsewhere. No candidate of a definition has this name."""

type Side = Literal["train", "holdout"]
"""A side of a snapshot's split."""


@dataclass(frozen=True)
class TrainingRows(Document):
    """The snapshot that a version learned from: its digest, its rows, and which of its sides were learned.

    No row that is newer than the `cut` was learned: an event time, or without one the time of an upload or prediction.
    """

    digest: str
    train_rows: int
    holdout_rows: int
    cut: str = ""
    sides: tuple[Side, ...] = ("train",)


@dataclass(frozen=True)
class Manifest(StoredDocument):
    """Where a version comes from, and how its graph is to be asked; `items` and `users` are a recommender's.

    `chosen` are the parameters that its definition left open, as training chose them; a refit takes them over.
    `functions` are the digests of the feature functions of one's own that it was trained with.

    A version that learned from all rows of its run names the `judged` one: the same recipe, fitted without the holdout.
    That twin stands for it wherever a model must not be asked about rows that it learned.
    `target_scale` puts a regression's answers back into the target's units (None: the graph answers in them).
    `positive` is the class that its figures are of (None for values, and with more than two classes), `trivial` the
    answer of the trivial predictor that was learned from the same rows.
    """

    path = "versions/{}/{}/manifest.json"

    model: str
    version: str
    run: str
    candidate: str
    estimator: str
    task: Task
    created_at: str
    definition: dict[str, Any]
    preprocessing: str
    snapshot: TrainingRows
    libraries: dict[str, str]
    features_recipe: str
    vocabularies: dict[str, tuple[str, ...]]
    features: tuple[str, ...]
    classes: tuple[str, ...] | None
    model_sha256: str
    model_bytes: int
    fit_seconds: float
    seconds: float
    items: int | None = None
    users: int | None = None
    judged: str | None = None
    positive: str | None = None
    trivial: tuple[float, ...] | None = None
    calibrated: Calibrated | None = None
    rule: DecisionRule | None = None
    chosen: dict[str, str | bool | int | float] = field(default_factory=dict)
    functions: dict[str, str] = field(default_factory=dict)
    target_scale: TargetScale | None = None

    def parse_definition(self) -> Definition:
        """Return the definition that the version was trained with."""
        return parse_definition(self.model, self.definition, f"manifest of {self.version}")

    def has_recipe_in(self, definition: Definition) -> bool:
        """Tell whether a definition has a candidate that would be fitted just as this version was."""
        document = definition.document
        if any(self.definition.get(part) != document.get(part) for part in RECIPE_PARTS):
            return False
        if self.functions != digest_functions(definition.derived):
            return False
        if self.parse_definition().training.transform != definition.training.transform:
            return False
        own, present = (_candidates(item).get(self.candidate) for item in (self.definition, document))
        return own is not None and own == present


@dataclass(frozen=True)
class Baseline(StoredDocument):
    """Profiles of the training rows by feature, and of the answers; `turnover` belongs to a recommender.

    The `calendar` are features that only tell the time, such as a year: they move because the calendar does.
    """

    path = "versions/{}/{}/baseline.json"

    rows: int
    features: dict[str, Profile]
    predictions: AnswerProfile
    turnover: Turnover | None = None
    calendar: tuple[str, ...] = ()


@dataclass(frozen=True)
class Golden(StoredDocument):
    """Instances as callers send them, and the answers of the trained estimator, row by row.

    `spread` is that of a regression's answers to the holdout: golden rows lie at the limits of columns, where answers
    may be of any size.
    """

    path = "versions/{}/{}/golden.json"

    rows: list[Any]
    answers: list[Any]
    spread: AnswerSpread | None = None


@dataclass(frozen=True)
class CatalogueItems(StoredDocument):
    """The items of a recommender in the order of their codes, and by column a text (or None) for each.

    The last `new` items have no interaction in the training rows, and are offered by their descriptions.
    """

    path = "versions/{}/{}/catalogue.json"

    items: tuple[str, ...]
    described: dict[str, list[str | None]]
    new: int = 0

    @property
    def learned(self) -> tuple[str, ...]:
        """The items that the training rows have."""
        return self.items[: len(self.items) - self.new]


@dataclass(frozen=True)
class VersionFiles:
    """The files of a version; `model` is the ONNX graph, `catalogue` belongs to a recommender.

    `familiar` are the `FamiliarRows` of a tabular model, which older versions do not have.

    `footprint` is None until the version is evaluated. `history` is written, and read by monitoring alone.
    """

    manifest: Manifest
    model: bytes
    baseline: Baseline
    golden: Golden
    catalogue: CatalogueItems | None = None
    footprint: Footprint | None = None
    familiar: bytes | None = None
    history: TrainingHistory | None = None

    def write(self, store: Store) -> None:
        """Write all files of training, the manifest last."""
        model, version = self.manifest.model, self.manifest.version
        store.write(version_key(model, version, "model.onnx"), self.model)
        if self.familiar is not None:
            store.write(version_key(model, version, "familiar.npz"), self.familiar)
        for part in (self.baseline, self.history, self.golden, self.catalogue, self.manifest):
            if part is not None:
                part.write(store, model, version)


def read_version_files(store: Store, model: str, version: str) -> VersionFiles:
    """Read a version. Raises `BrokenVersion` when a file is absent or damaged, `StorageUnavailable` without S3.

    It asks for all files at once, so that a cold start does not wait for one after the other.
    """
    with ThreadPoolExecutor(len(FILES) + 2) as threads:
        footprint_read = threads.submit(_read_optional, store, Footprint.key(model, version))
        familiar_read = threads.submit(_read_optional, store, version_key(model, version, "familiar.npz"))
        contents = threads.map(partial(_read, store, model, version), FILES)
        manifest_json, graph, baseline_json, golden_json = contents
        footprint_json, familiar = footprint_read.result(), familiar_read.result()
    manifest = _parse(Manifest, version, manifest_json)
    if (manifest.model, manifest.version) != (model, version):
        raise BrokenVersion(version, "its manifest is that of another version")
    if hashlib.sha256(graph).hexdigest() != manifest.model_sha256:
        raise BrokenVersion(version, "its model.onnx is not the one that its manifest names")
    baseline = _parse(Baseline, version, baseline_json)
    golden = _parse(Golden, version, golden_json)
    catalogue = None
    if manifest.task == "recommendation":
        catalogue = _parse(CatalogueItems, version, _read(store, model, version, "catalogue.json"))
    footprint = None if footprint_json is None else _parse(Footprint, version, footprint_json)
    return VersionFiles(manifest, graph, baseline, golden, catalogue, footprint, familiar)


def _candidates(document: Mapping[str, Any]) -> dict[str, Any]:
    return {item["name"]: item for item in document["training"]["candidates"]}


def read_learned_digest(store: Store, model: str, version: str) -> str:
    """Return the digest of the snapshot that a version learned from, "" where its manifest cannot be read."""
    try:
        return Manifest.read(store, model, version).snapshot.digest
    except (NotFound, ValueError):
        return ""


def is_from_elsewhere(store: Store, model: str, version: str) -> bool:
    """Tell whether a version was fitted elsewhere and imported. Raises `NotFound`."""
    return Manifest.read(store, model, version).candidate == IMPORTED


def version_name(run: str, candidate: str, *, refitted: bool = False) -> str:
    """Name a version; no candidate's name has a dot, so that of a refitted one is no other's.

    >>> version_name("20261123T120409-3f79bb", "logistic", refitted=True)
    '20261123T120409-3f79bb-logistic.refit'
    """
    return f"{run}-{candidate}{'.refit' if refitted else ''}"


def list_versions(store: Store, model: str) -> list[str]:
    """List the versions of a model, the newest first."""
    prefix = f"versions/{model}/"
    return sorted({key.removeprefix(prefix).partition("/")[0] for key in store.keys(prefix)}, reverse=True)


def list_version_files(store: Store, model: str, version: str) -> list[str]:
    """List the keys of a version's files, the manifest last: with it the version exists."""
    manifest = Manifest.key(model, version)
    return sorted(store.keys(version_key(model, version, "")), key=lambda key: key == manifest)


def version_key(model: str, version: str, name: str) -> str:
    """Return the key of a file of a version."""
    return f"versions/{model}/{version}/{name}"


def _read(store: Store, model: str, version: str, name: str) -> bytes:
    try:
        return store.read(version_key(model, version, name)).data
    except NotFound as error:
        raise BrokenVersion(version, f"its {name} is absent") from error


def _read_optional(store: Store, key: str) -> bytes | None:
    try:
        return store.read(key).data
    except NotFound:
        return None


def _parse[Part: StoredDocument](kind: type[Part], version: str, content: bytes) -> Part:
    try:
        return kind.from_json(json.loads(content))
    except ValueError as error:
        raise BrokenVersion(version, f"its {kind.path.rpartition('/')[2]} is damaged ({error})") from error
