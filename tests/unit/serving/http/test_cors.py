"""A page of an allowed origin may call the API from a browser; any other page may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import Answer, respond

if TYPE_CHECKING:
    from tests.unit.serving.conftest import Api

OURS, THEIRS = "https://app.example.org", "https://other.example.org"
PREFLIGHT = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "x-api-key"}


def ask(api: Api, method: str, path: str, origin: str | None, origins: set[str], **headers: str) -> Answer:
    sent = headers | ({"origin": origin} if origin else {})
    event: dict[str, Any] = {"httpMethod": method, "path": path, "headers": sent, "body": None}
    return respond(HttpRequest.of(event), api.registry, frozenset(origins))


def shared(answer: Answer) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("Access-Control")}


@pytest.mark.parametrize("origins", [{OURS}, {OURS, THEIRS}, {"*"}])
@pytest.mark.parametrize(("path", "methods"), [("/v1/models/people:predict", "POST"), ("/v1/models", "GET")])
def test_a_browser_that_asks_first_hears_the_methods_of_the_path(
    api: Api, path: str, methods: str, origins: set[str]
) -> None:
    answer = ask(api, "OPTIONS", path, OURS, origins, **PREFLIGHT)

    assert (answer.status, answer.body) == (204, "")
    assert answer.headers["Access-Control-Allow-Origin"] == OURS
    assert answer.headers["Access-Control-Allow-Methods"] == methods
    assert {"Content-Type", "X-Api-Key"} <= set(answer.headers["Access-Control-Allow-Headers"].split(", "))


@pytest.mark.parametrize(
    ("path", "status"), [("/v1/models", 200), ("/v1/models/nobody", 404), ("/v1/models/people:predict", 405)]
)
def test_a_page_of_an_allowed_origin_may_read_every_answer(api: Api, path: str, status: int) -> None:
    answer = ask(api, "GET", path, OURS, {OURS})

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (status, OURS)
    assert answer.headers["Vary"] == "Origin"


@pytest.mark.parametrize(("origin", "origins"), [(THEIRS, {OURS}), (None, {OURS}), (None, {"*"}), (OURS, set[str]())])
@pytest.mark.parametrize("method", ["GET", "OPTIONS"])
def test_others_may_not(api: Api, method: str, origin: str | None, origins: set[str]) -> None:
    answer = ask(api, method, "/v1/models", origin, origins)

    assert shared(answer) == {}
    assert answer.status == {"GET": 200, "OPTIONS": 405}[method]
