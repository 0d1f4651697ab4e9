"""A local cloud with two models in service, and the requests of its callers."""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections import deque
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import urllib3

from benchmarks import income_model
from benchmarks.arrivals import DueRequest, poisson_times
from benchmarks.built_functions import TEMPLATE
from local.cloud import Cloud
from local.stack_client import StackClient

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

FLATS = """
task = "regression"
target = "price"
[columns]
area = { type = "number", min = 0 }
rooms = { type = "number" }
price = { type = "number" }
[training]
candidates = [{ name = "boosting", estimator = "sklearn.ensemble.HistGradientBoostingRegressor" }]
"""
_BOOSTING = "sklearn.ensemble.HistGradientBoostingClassifier"
TIMID = f'{{ name = "timid", estimator = "{_BOOSTING}", learning_rate = 0.0005, max_iter = 400, max_leaf_nodes = 15 }}'
BOLD = f'{{ name = "bold", estimator = "{_BOOSTING}", learning_rate = 0.05, max_iter = 400, max_leaf_nodes = 15 }}'
"""Two candidates of the same size; the second is better. Memory may not grow when it is promoted."""

ROWS = 3000

MIX = {
    "predict income": 45,
    "predict flats": 35,
    "label": 8,
    "infer (V2)": 5,
    "list the models": 3,
    "history": 2,
    "upload": 2,
}
"""The number of requests of each kind in 100."""


def income_definition(candidate: str) -> str:
    """Return the shipped definition of the income model with one candidate and a gate that the timid one passes."""
    shipped = (income_model.ROOT / "examples" / "income.toml").read_text(encoding="utf-8")
    head = shipped.partition("[[training.candidates]]")[0].replace('"roc_auc"', '"log_loss"')
    return f"{head}candidates = [{candidate}]\n[gate]\nconfidence = 0.9\n"


class Unexpected(Exception):
    """An answer that no caller should get."""


@dataclass
class Service:
    """Sends requests to the cloud.

    `uploads` holds the uploaded keys with their rows; `versions` the version of the income model that made each
    prediction, in order.
    """

    cloud: Cloud
    client: StackClient
    draw: random.Random
    uploads: dict[str, int] = field(default_factory=dict)
    versions: list[str] = field(default_factory=list)
    ids: deque[str] = field(default_factory=lambda: deque(maxlen=1000))

    def __post_init__(self) -> None:
        self._http = urllib3.PoolManager(maxsize=64, timeout=60, retries=False)
        self._people = income_model.instances(1000)

    def requests(self, rate: float, seconds: float) -> list[DueRequest]:
        """Draw the times and kinds of requests, `rate` a second in all."""
        kinds = self.draw.choices(list(MIX), list(MIX.values()), k=int(rate * seconds * 2) + 100)
        times = poisson_times(rate, seconds, self.draw)
        return [DueRequest(at, kind, self.make_request(kind)) for at, kind in zip(times, kinds, strict=False)]

    def make_request(self, kind: str) -> Callable[[], object]:
        """Make a request of a kind with random values; calling it may raise `Unexpected`."""
        match kind:
            case "predict income":
                body: dict[str, Any] = {"instances": [self.draw.choice(self._people)]}
                return lambda: self._remember(self._ask("POST", "/v1/models/income:predict", 200, body))
            case "predict flats":
                body = {"instances": [self._flat()]}
                return lambda: self._ask("POST", "/v1/models/flats:predict", 200, body)
            case "label":
                label = self.draw.choice([">50K", "<=50K"])
                return lambda: self._label(label)
            case "infer (V2)":
                inputs = [
                    {"name": name, "datatype": "FP64", "shape": [1], "data": [value]}
                    for name, value in self._flat().items()
                ]
                return lambda: self._ask("POST", "/v2/models/flats/infer", 200, {"inputs": inputs})
            case "list the models":
                return lambda: self._ask("GET", "/v1/models", 200)
            case "history":
                return lambda: self._ask("GET", "/v1/models/income/history", 200)
            case _:
                rows = [self._flat() for _ in range(20)]
                key = f"flats/load/{self.draw.getrandbits(64):x}.csv"
                return lambda: self.upload(key, rows)

    def upload(self, key: str, flats: list[dict[str, Any]]) -> None:
        """Put a small file into the inbox."""
        lines = [f"{flat['area']},{flat['rooms']},{flat['area'] * 3000}" for flat in flats]
        self.uploads[key] = len(lines)
        self.client.upload(key, "\n".join(["area,rooms,price", *lines]).encode())

    def define(self, candidate: str) -> None:
        """Replace the definition of the income model, which every run reads again."""
        (self.cloud.folder / "models" / "income.toml").write_text(income_definition(candidate), encoding="utf-8")

    def run(self, **request: Any) -> str:
        """Run the state machine for the income model; return the champion afterwards.

        Raises:
            Unexpected: the run did not succeed.
        """
        return self._champion(self.client.start({"model": "income", **request}))

    def missing(self, patience: float = 60.0) -> list[str]:
        """Wait for receipts; return the uploads that have none with all their rows."""
        end = time.monotonic() + patience
        received: dict[str, int] = {}
        seen: set[str] = set()
        while set(self.uploads) - set(received) and time.monotonic() < end:
            for key in set(self.client.keys("receipts/flats/")) - seen:
                receipt = json.loads(self.client.lake(key))
                received[receipt["source"]["key"]] = receipt["rows_kept"]
                seen.add(key)
            time.sleep(0.5)
        return [key for key, rows in self.uploads.items() if received.get(key) != rows]

    def bring_up(self) -> None:
        """Upload, train and promote the first version of both models."""
        people = income_model.invent_people(ROWS)
        lines = [",".join(map(str, row.values())) for row in people]
        self.client.upload("income/people.csv", "\n".join([",".join(people[0]), *lines]).encode())
        self.upload("flats/first.csv", [self._flat() for _ in range(ROWS)])
        self.client.receipt("income/people.csv")
        self.client.receipt("flats/first.csv")
        for execution in [self.client.retrain("income"), self.client.retrain("flats")]:
            self._champion(execution)

    def _champion(self, execution: str) -> str:
        *_, _last = self.client.states(execution)
        run = self.client.describe(execution)
        if run["status"] != "SUCCEEDED":
            raise Unexpected(f"a run ended as {run['status']}: {run.get('cause')}")
        return str(json.loads(run["output"])["champion"])

    def _flat(self) -> dict[str, Any]:
        area = round(self.draw.uniform(20, 200), 2)
        return {"area": area, "rooms": int(area // 25) + 1}

    def _label(self, label: str) -> None:
        self._ask("POST", "/v1/models/income:label", 202, {"labels": [{"prediction_id": self.ids[-1], "label": label}]})

    def _remember(self, answer: dict[str, Any]) -> None:
        self.ids += answer["prediction_ids"]
        self.versions.append(answer["model_version"])

    def _ask(self, method: str, path: str, expected: int, body: dict[str, Any] | None = None) -> dict[str, Any]:
        answer = self._http.request(
            method,
            f"{self.client.stack['api_url']}{path}",
            body=None if body is None else json.dumps(body),
            headers={"x-api-key": self.client.stack["api_key"], "content-type": "application/json"},
        )
        if answer.status != expected:
            raise Unexpected(f"{method} {path}: {answer.status} {answer.data[:200].decode(errors='replace')}")
        document: dict[str, Any] = json.loads(answer.data)
        return document


@contextmanager
def running_service() -> Iterator[Service]:
    """Run the built packages with both models in service. Needs `make build`."""
    with tempfile.TemporaryDirectory(prefix="refrain-load-") as name:
        folder = Path(name)
        (folder / "definitions").mkdir()
        (folder / "definitions" / "flats.toml").write_text(FLATS, encoding="utf-8")
        (folder / "definitions" / "income.toml").write_text(income_definition(TIMID), encoding="utf-8")
        with Cloud(folder / "cloud", folder / "definitions", TEMPLATE, concurrency=1000) as cloud:
            service = Service(cloud, StackClient(cloud), random.Random(7))
            service.bring_up()
            service.make_request("predict income")()
            yield service
