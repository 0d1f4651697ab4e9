"""The local gateway asks for a key where API Gateway does, and lets a browser ask first without one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from local.gateway import Gateway
from local.runtime_api import Answer
from local.template import read_template
from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import respond

if TYPE_CHECKING:
    from flask import Flask

    from refrain.serving.registry.registry import Registry

ORIGIN = "https://app.example.org"
PATH = "/v1/models/people:predict"


class KeptApplication:
    """A web server that only keeps what it should serve."""

    url, port = "http://127.0.0.1:1", 1
    application: Flask

    def serve(self, application: Flask) -> None:
        self.application = application


def invoke(_: str, payload: bytes) -> Answer:
    registry = cast("Registry", None)  # nothing here asks a model
    answer = respond(HttpRequest.of(json.loads(payload)), registry, frozenset({ORIGIN})).proxy()
    return Answer(json.dumps(answer).encode(), failed=False)


@pytest.fixture(scope="module", params=["", ORIGIN], ids=["without origins", "with an origin"])
def api(request: pytest.FixtureRequest) -> tuple[str, Any]:
    template = read_template(Path(__file__).parents[3] / "template.yaml", {"AllowedOrigins": request.param})
    web = KeptApplication()
    Gateway(template, invoke, "key", cast("Any", web))
    return request.param, web.application.test_client()


def test_a_browser_asks_first_without_a_key(api: tuple[str, Any]) -> None:
    _, client = api

    answer = client.options(PATH, headers={"Origin": ORIGIN, "Access-Control-Request-Method": "POST"})

    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (204, ORIGIN)
    assert answer.headers["Access-Control-Allow-Methods"] == "POST"


def test_a_page_may_read_the_refusal_of_a_request_without_a_key(api: tuple[str, Any]) -> None:
    origins, client = api

    answer = client.post(PATH, json={}, headers={"Origin": ORIGIN})

    assert answer.status_code == 403
    assert answer.headers.get("Access-Control-Allow-Origin") == ("*" if origins else None)


def test_with_a_key_the_function_answers(api: tuple[str, Any]) -> None:
    _, client = api

    assert client.get("/v1/nothing", headers={"x-api-key": "key"}).get_json()["code"] == "no_such_path"
