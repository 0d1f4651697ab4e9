"""Two tiny models, made as training makes them, and a lake in memory to serve them from."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from obstore.store import MemoryStore

from preprocessing import Definition, parse_definition, prepare, rows_to_columns
from refrain.aws.storage import Object, Store, to_json
from refrain.errors import StorageUnavailable
from refrain.lake.deployment import Deployment, Served
from refrain.lake.version import TrainingRows, VersionFiles
from refrain.training.tabular_fit import train_tabular

if TYPE_CHECKING:
    from collections.abc import Iterator


def candidate(estimator: str) -> dict[str, Any]:
    """The training section with one candidate."""
    return {"candidates": [{"name": "linear", "estimator": f"sklearn.linear_model.{estimator}"}]}


PEOPLE: dict[str, Any] = {
    "task": "classification",
    "target": "income",
    "columns": {
        "age": {"type": "number", "min": 0, "max": 120, "required": True},
        "hours": {"type": "number"},
        "city": {"type": "category"},
        "sex": {"type": "category", "allowed": ["female", "male"], "lower": True},
        "member": {"type": "boolean"},
        "joined": {"type": "time", "min": "1990-01-01"},
        "note": {"type": "category", "role": "ignore"},
        "income": {"type": "category"},
    },
    "derived": {"weekday": {"from": "joined", "make": "weekday"}},
    "training": candidate("LogisticRegression"),
}

FLATS: dict[str, Any] = {
    "task": "regression",
    "target": "price",
    "columns": {"area": {"type": "number", "min": 0}, "rooms": {"type": "number"}, "price": {"type": "number"}},
    "training": candidate("LinearRegression"),
}

ADA: dict[str, Any] = {
    "age": 36,
    "hours": 40.5,
    "city": "London",
    "sex": "Female",
    "member": True,
    "joined": "2019-01-31T08:00:00Z",
}


@dataclass(frozen=True)
class Model:
    """A version of a model."""

    definition: Definition
    files: VersionFiles

    @property
    def version(self) -> str:
        """Its name."""
        return self.files.manifest.version

    def named(self, version: str) -> Model:
        """The same under another name."""
        return replace(self, files=replace(self.files, manifest=replace(self.files.manifest, version=version)))

    def broken(self) -> Model:
        """The same with golden answers that it does not give."""
        answers = [list(reversed([2 * number + 0.25 for number in row])) for row in self.files.golden.answers]
        return replace(self, files=replace(self.files, golden=replace(self.files.golden, answers=answers)))


class Lake(Store):
    """A bucket in memory that can be `down`, for some keys or all; it notes what it was asked, and what that took."""

    def __init__(self) -> None:
        self.bucket = "lake"
        self._store: Any = MemoryStore()
        self.down = False
        self.fails = ""
        self.reads: list[str] = []
        self.read_bytes = 0

    def read(self, key: str) -> Object:
        """Read an object."""
        self._ask(key)
        content = super().read(key)
        self.read_bytes += len(content.data)
        return content

    def read_start(self, key: str, size: int) -> bytes:
        """Read the start of an object."""
        self._ask(key)
        data = super().read_start(key, size)
        self.read_bytes += len(data)
        return data

    def read_chunks(self, key: str) -> Iterator[bytes]:
        """Read an object chunk by chunk."""
        self._ask(key)
        for chunk in super().read_chunks(key):
            self.read_bytes += len(chunk)
            yield chunk

    def read_if_changed(self, key: str, etag: str) -> Object | None:
        """Read an object that changed."""
        self._ask(key)
        return super().read_if_changed(key, etag)

    def keys_directly_below(self, prefix: str) -> list[str]:
        """List objects."""
        self._ask(prefix)
        return super().keys_directly_below(prefix)

    def _ask(self, key: str) -> None:
        self.reads.append(key)
        if self.down or (self.fails and key.startswith(self.fails)):
            raise StorageUnavailable(key, "it is down")


def put_version(store: Store, model: Model) -> None:
    """Write a version's files."""
    model.files.write(store)


def deploy(store: Store, model: Model, previous: Model | None = None) -> None:
    """Write versions, and the deployment that makes the first one champion."""
    for each in (model, previous):
        if each:
            put_version(store, each)
    since = "2026-11-23T12:00:00Z"
    served = [Served(each.version, since, "roc_auc", 0.91) if each else None for each in (model, previous)]
    deployment = Deployment(model.definition.model, served[0], served[1], None, None)
    store.write(Deployment.key(model.definition.model), to_json(deployment.to_json()))


def people(rows: int = 400) -> Model:
    """Income of people by all kinds of columns; the hours are missing at times."""
    random = np.random.default_rng(7)
    ages, hours = random.integers(18, 80, rows), random.integers(10, 60, rows)
    instances: list[dict[str, Any]] = [
        {
            "age": int(ages[row]),
            "hours": None if row % 10 == 0 else int(hours[row]),
            "city": ("London", "Paris", "Köln")[row % 3],
            "sex": ("female", "male")[row % 2],
            "member": bool(row % 5),
            "joined": f"20{row % 20 + 1:02d}-0{row % 9 + 1}-11T0{row % 10}:00:00Z",
            "income": ">50K" if ages[row] + random.normal(0, 10) + 10 * (row % 3) > 55 else "<=50K",
        }
        for row in range(rows)
    ]
    return made("people", PEOPLE, instances)


def flats(rows: int = 400) -> Model:
    """Prices of flats by area and rooms."""
    random = np.random.default_rng(7)
    areas = random.uniform(20, 200, rows).round(1)
    noise = random.normal(0, 5000, rows)
    return made(
        "flats",
        FLATS,
        [
            {"area": float(area), "rooms": int(area // 25) + 1, "price": 3000 * area + noise[row]}
            for row, area in enumerate(areas)
        ],
    )


def made(name: str, document: dict[str, Any], rows: list[dict[str, Any]]) -> Model:
    """Train the first candidate of a definition on rows."""
    definition = parse_definition(name, document, f"{name}.toml")
    columns, problems = prepare(definition, rows_to_columns(rows, list(definition.columns)), len(rows))
    assert not problems
    candidate = definition.training.candidates[0]
    trained = train_tabular(definition, candidate, columns, columns)
    files = trained.version_files(definition, candidate, name, TrainingRows("d1", len(rows), len(rows)), 0.5)
    return Model(definition, replace(files, manifest=replace(files.manifest, version=f"{name}-1")))
