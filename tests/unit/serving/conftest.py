"""A lake with two tiny models in service, and a way to ask as API Gateway does."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import Answer, respond
from refrain.serving.registry.registry import Registry
from tests.stored import define
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass
class Clock:
    """A clock that a test moves."""

    now: float = 0.0

    def __call__(self) -> float:
        """Tell the time."""
        return self.now


@dataclass
class Api:
    """The API on a lake in memory."""

    lake: tiny.Lake
    registry: Registry
    clock: Clock
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})

    def ask(self, method: str, path: str, body: Any = None, **event: Any) -> Answer:
        """Send a request; a body that is no text is sent as JSON."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        context = {"requestContext": {"requestId": "request-1"}}
        sent = {"httpMethod": method, "path": path, "headers": self.headers, "body": text} | context | event
        return respond(HttpRequest.of(sent), self.registry)

    def predict(self, model: str, *instances: Any) -> dict[str, Any]:
        """Ask for predictions, which must succeed."""
        answer = self.ask("POST", f"/v1/models/{model}:predict", {"instances": list(instances)})
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))

    def get(self, path: str) -> dict[str, Any]:
        """Ask for a document, which must be there."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer.body
        return dict(json.loads(answer.body))


def read(answer: Answer) -> dict[str, Any]:
    """Parse an answer strictly: NaN is not JSON."""
    return dict(json.loads(answer.body, parse_constant=lambda name: pytest.fail(f"{name} in an answer")))


@pytest.fixture(scope="session")
def tiny_version() -> tiny.Model:
    """A version of a classification with every type of column."""
    return tiny.people()


@pytest.fixture(scope="session")
def tiny_regression() -> tiny.Model:
    """A version of a regression."""
    return tiny.flats()


@pytest.fixture
def make_api() -> Callable[[], Api]:
    """Make an API with nothing in service, of two models and one that is never trained.

    Their definitions are broken, so the versions in service answer by their own.
    """

    def made() -> Api:
        lake, clock = tiny.Lake(), Clock()
        for name in ("people", "flats", "untrained"):
            define(lake, name, "")
        return Api(lake, Registry(lake, 5.0, clock), clock)

    return made


@pytest.fixture
def api(make_api: Callable[[], Api], tiny_version: tiny.Model, tiny_regression: tiny.Model) -> Api:
    """Make an API with both models in service."""
    api = make_api()
    tiny.deploy(api.lake, tiny_version)
    tiny.deploy(api.lake, tiny_regression)
    return api


def assert_same(some: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
    """Compare predictions; the last digit of float32 depends on how many rows are computed at once."""
    assert len(some) == len(others)
    for one, other in zip(some, others, strict=True):
        assert one.get("label") == other.get("label")
        assert one.get("unfamiliar") == other.get("unfamiliar")
        if "value" in one:
            assert one["value"] == pytest.approx(other["value"], rel=1e-5)
        else:
            assert one["probabilities"] == pytest.approx(other["probabilities"], abs=1e-6)
