"""Lets the pages of chosen origins call the API from a browser (CORS), which asks first with the method OPTIONS."""

from __future__ import annotations

from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING

from refrain.settings import InferenceSettings, read_settings

if TYPE_CHECKING:
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.http.routes import Answer

ANY_ORIGIN = "*"
SENT_HEADERS = "Content-Type, X-Api-Key, Authorization, X-Amz-Date, X-Amz-Security-Token, X-Amz-Content-Sha256"
PREFLIGHT_SECONDS = 7200
"""How long a browser need not ask again; none remembers it for longer."""


@cache
def allowed_origins() -> frozenset[str]:
    """Return the origins that the stack allows; none of them when it allows no page."""
    return read_settings(InferenceSettings).allowed_origins


def share_answer(request: HttpRequest, answer: Answer, origins: frozenset[str]) -> None:
    """Let a page of an allowed origin read an answer, and answer a browser that asks whether it may send a request."""
    answer.headers["Vary"] = "Origin"
    origin = request.header("origin")
    if not origin or not origins & {origin, ANY_ORIGIN}:
        return
    answer.headers["Access-Control-Allow-Origin"] = origin
    answer.headers["Access-Control-Expose-Headers"] = "Retry-After, X-Amzn-RequestId"
    if request.method == "OPTIONS" and answer.status == HTTPStatus.METHOD_NOT_ALLOWED:
        answer.status, answer.body = HTTPStatus.NO_CONTENT, ""
        del answer.headers["Content-Type"]
        answer.headers["Access-Control-Allow-Methods"] = answer.headers.pop("Allow")
        answer.headers["Access-Control-Allow-Headers"] = SENT_HEADERS
        answer.headers["Access-Control-Max-Age"] = str(PREFLIGHT_SECONDS)
