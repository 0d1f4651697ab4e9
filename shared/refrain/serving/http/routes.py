"""The table of routes: method, path, and the function that answers. A framework would cost a cold start."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from refrain.aws.emf import count_for_release
from refrain.errors import BrokenVersion, RefrainError
from refrain.serving.http import v1
from refrain.serving.http.cors import share_answer
from refrain.serving.http.problems import CONTENT_TYPE, problem_document
from refrain.serving.http.refusals import AnswerTooLarge, MethodNotAllowed, NoSuchPath
from refrain.serving.http.requests import MAX_PAYLOAD_BYTES, Accepted, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

logger = logging.getLogger("refrain")

type Content = Json | dict[str, Any] | str | Accepted
"""JSON, as text or as a document, HTML, or JSON with a status of its own."""

type Endpoint = Callable[..., Content]
"""Takes the registry, the request and the path's parameters."""


@dataclass(slots=True)
class Answer:
    """Status, headers and body of a response."""

    status: int
    headers: dict[str, str]
    body: str

    def proxy(self) -> dict[str, Any]:
        """Return what API Gateway expects of a proxy integration."""
        return {"statusCode": self.status, "headers": self.headers, "body": self.body, "isBase64Encoded": False}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/:]+)", re.escape(path)))


def _late(module: str, name: str) -> Endpoint:
    """Import an endpoint when it is first asked: a cold start is for predictions."""

    def answer(*arguments: Any, **parameters: Any) -> Content:
        endpoint: Endpoint = getattr(import_module(f"refrain.serving.http.{module}"), name)
        return endpoint(*arguments, **parameters)

    return answer


ROUTES: tuple[tuple[str, re.Pattern[str], Endpoint], ...] = tuple(
    (method, _pattern(path), endpoint)
    for method, path, endpoint in (
        ("POST", "/v1/models/{model}:predict", v1.answer_predict),
        ("POST", "/v1/models/{model}:label", _late("label_requests", "answer_label")),
        ("POST", "/v2/models/{model}/infer", _late("v2", "answer_infer")),
        ("POST", "/v2/models/{model}/versions/{version}/infer", _late("v2", "answer_infer")),
        ("GET", "/v1/models", _late("model_listing", "answer_models")),
        ("GET", "/v1/models/{model}", _late("model_listing", "answer_model_details")),
        ("GET", "/v1/models/{model}/history", _late("deployment_history", "answer_history")),
        ("GET", "/v2/health/live", _late("health", "answer_live")),
        ("GET", "/v2/health/ready", _late("health", "answer_service_ready")),
        ("GET", "/v2", _late("v2", "answer_server")),
        ("GET", "/v2/models/{model}", _late("v2", "answer_v2_metadata")),
        ("GET", "/v2/models/{model}/ready", _late("v2", "answer_v2_ready")),
        ("GET", "/v2/models/{model}/versions/{version}", _late("v2", "answer_v2_metadata")),
        ("GET", "/v2/models/{model}/versions/{version}/ready", _late("v2", "answer_v2_ready")),
        ("GET", "/openapi.json", _late("openapi", "answer_openapi")),
        ("GET", "/docs", _late("docs_page", "answer_docs")),
    )
)

_ENCODER = json.JSONEncoder(allow_nan=False, separators=(",", ":"))


def respond(request: HttpRequest, registry: Registry, origins: frozenset[str] = frozenset()) -> Answer:
    """Answer any request, by an answer or by a problem document, which pages of these origins may read."""
    answer = _respond(request, registry)
    if origins:
        share_answer(request, answer, origins)
    return answer


def _respond(request: HttpRequest, registry: Registry) -> Answer:
    try:
        answer = _success(_find_endpoint(request)(registry, request))
        _finish(request)
        return answer
    except RefrainError as error:
        return _problem(error, request)
    except Exception:  # a caller gets an answer whatever happens; the log gets the cause
        logger.exception("request failed", extra={"request_id": request.id, "path": request.path[:200]})
        return _problem(RefrainError(), request, logged=True)


def _finish(request: HttpRequest) -> None:
    """Do what waits until the answer is made; its failure does not cost the caller the answer."""
    try:
        for task in request.afterwards:
            task()
    except Exception:  # the answer is right, even if its copy is lost
        logger.exception("answered, but not captured", extra={"request_id": request.id, "path": request.path[:200]})


def _find_endpoint(request: HttpRequest) -> Callable[[Registry, HttpRequest], Content]:
    allowed = []
    for method, pattern, endpoint in ROUTES:
        match = pattern.fullmatch(request.path)
        if match and method == request.method:
            return lambda registry, request: endpoint(registry, request, **match.groupdict())
        if match:
            allowed.append(method)
    raise MethodNotAllowed(request.method, allowed) if allowed else NoSuchPath(request.path)


def _success(content: Content) -> Answer:
    if isinstance(content, Accepted):
        return Answer(202, {"Content-Type": "application/json"}, _ENCODER.encode(content.document))
    if isinstance(content, str):
        return Answer(200, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}, content)
    body = content.text if isinstance(content, Json) else _ENCODER.encode(content)
    # Lambda returns the body as a JSON string: every quote and backslash in it counts twice.
    if len(body) + body.count('"') + body.count("\\") > MAX_PAYLOAD_BYTES:
        raise AnswerTooLarge(MAX_PAYLOAD_BYTES)
    return Answer(200, {"Content-Type": "application/json"}, body)


def _record_failure(error: RefrainError, request: HttpRequest, *, logged: bool) -> None:
    """Log a failure, and count it for the release, unless a version is broken: new code may be what mends that."""
    if not logged:
        logger.error("request failed", extra={"request_id": request.id, "reason": str(error)})
    if not isinstance(error, BrokenVersion):
        count_for_release("RequestFailed", code=error.code)


def _problem(error: RefrainError, request: HttpRequest, *, logged: bool = False) -> Answer:
    document = problem_document(error, request.id)
    if document["status"] >= 500:
        _record_failure(error, request, logged=logged)
    if request.path.startswith("/v2"):
        document["error"] = document["detail"]  # as the Open Inference Protocol demands
    headers = {"Content-Type": CONTENT_TYPE}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if document["status"] == 503:
        headers["Retry-After"] = "5"
    return Answer(document["status"], headers, _ENCODER.encode(document))
