"""The measured model: it has the 14 columns of the Adult census, and is trained on invented rows."""

from __future__ import annotations

import json
import tomllib
from functools import cache
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from refrain.lake.calibration_errors import CalibrationErrors
from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import respond
from refrain.serving.registry.registry import Registry
from tests.stored import define
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from refrain.aws.storage import Store

ROOT = Path(__file__).parents[1]
MODEL = "income"
CATEGORY_SIZES = {
    "workclass": 8, "education": 16, "marital-status": 7, "occupation": 14, "relationship": 6, "race": 5,
    "native-country": 41,
}  # fmt: skip
"""The number of values of each category, as in the census."""

NUMBERS = ("age", "fnlwgt", "education-num", "capital-gain", "capital-loss", "hours-per-week")


@cache
def invent_people(rows: int, seed: int = 7) -> tuple[dict[str, Any], ...]:
    """Invent people with an income."""
    random = np.random.default_rng(seed)
    return tuple(_person(random) for _ in range(rows))


def _person(random: np.random.Generator) -> dict[str, Any]:
    row: dict[str, Any] = {
        "age": int(random.integers(17, 90)),
        "fnlwgt": int(random.integers(10_000, 1_000_000)),
        "education-num": int(random.integers(1, 17)),
        "capital-gain": int(random.choice([0, 0, 0, 5178])),
        "capital-loss": int(random.choice([0, 0, 0, 1902])),
        "hours-per-week": int(random.integers(10, 80)),
        "sex": ("Female", "Male")[int(random.integers(2))],
    }
    row |= {name: f"{name} {int(random.integers(size)):02d}" for name, size in CATEGORY_SIZES.items()}
    row["income"] = ">50K" if row["age"] + row["hours-per-week"] + random.normal(0, 15) > 100 else "<=50K"
    return row


@cache
def train_version(candidate: str) -> tiny.Model:
    """Train a candidate of the income model."""
    document = tomllib.loads((ROOT / "examples" / f"{MODEL}.toml").read_text(encoding="utf-8"))
    candidates = [entry for entry in document["training"]["candidates"] if entry["name"] == candidate]
    return tiny.made(
        MODEL, document | {"training": document["training"] | {"candidates": candidates}}, list(invent_people(3000))
    )


def instances(rows: int, seed: int = 8) -> list[dict[str, Any]]:
    """Return instances as a caller sends them, with all 14 columns."""
    return [
        {name: value for name, value in row.items() if name != "income"} for row in invent_people(max(rows, 200), seed)
    ]


def predict_events(rows: int, count: int = 50, **options: bool) -> Iterator[dict[str, Any]]:
    """Yield events of API Gateway with so many instances each, and options beside them, without end."""
    event = json.loads((ROOT / "events" / "14-predict.json").read_text(encoding="utf-8"))
    many = cycle(instances(1000))
    bodies = [json.dumps({"instances": [next(many) for _ in range(rows)], **options}) for _ in range(count)]
    return cycle([event | {"path": f"/v1/models/{MODEL}:predict", "body": body} for body in bodies])


def make_handler(model: tiny.Model) -> Callable[[Mapping[str, Any]], dict[str, Any]]:
    """Make the function's handler, on a lake in memory with one version."""
    lake = tiny.Lake()
    tiny.deploy(lake, model)
    define(lake, MODEL)
    write_errors(lake, model)
    registry = Registry(lake, refresh_seconds=3600)
    return lambda event: respond(HttpRequest.of(event), registry).proxy()


def write_errors(lake: Store, model: tiny.Model) -> None:
    """Write errors of a thousand judged rows, by which a version says how sure it is."""
    manifest = model.files.manifest
    errors = CalibrationErrors(1000, tuple(rank / 1000 for rank in range(1, 1001)))
    errors.write(lake, manifest.model, manifest.version)


def feature_matrix(model: tiny.Model, rows: int) -> np.ndarray[Any, np.dtype[np.float32]]:
    """Return the feature matrix of so many instances, the input of the graph."""
    from refrain.model.tabular import TabularModel

    servable = TabularModel.load(model.files.manifest, model.files.model)
    columns, _ = servable.prepare(instances(rows)[:rows])
    return servable.encode(columns)
