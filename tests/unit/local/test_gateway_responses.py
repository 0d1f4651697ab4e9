"""API Gateway's own answers have the form of the template; answers of functions pass unchanged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from flask import Response

from local.gateway_responses import GatewayResponses
from local.template import read_template

RESPONSES = GatewayResponses(read_template(Path(__file__).parents[3] / "template.yaml"))


@pytest.mark.parametrize(
    ("status", "sentence", "code"),
    [
        (403, "Forbidden", "forbidden"),
        (403, "Missing Authentication Token", "forbidden"),
        (413, "Request Too Long", "body_too_large"),
        (502, "Internal server error", "unavailable"),
    ],
)
def test_an_answer_of_the_gateway_is_the_configured_problem_document(status: int, sentence: str, code: str) -> None:
    answer = RESPONSES.apply(Response(json.dumps({"message": sentence}), status, content_type="application/json"))

    assert (answer.status_code, answer.content_type) == (status, "application/problem+json")
    assert json.loads(answer.get_data())["code"] == code
    assert "$context" not in answer.get_data(as_text=True)


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, '{"message": "Forbidden"}'), (404, '{"code": "no_such_path"}'), (502, "Internal server error")],
)
def test_an_answer_of_a_function_stays_as_it_is(status: int, body: str) -> None:
    answer = RESPONSES.apply(Response(body, status, content_type="application/json"))

    assert (answer.get_data(as_text=True), answer.content_type) == (body, "application/json")
