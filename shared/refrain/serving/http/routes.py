"""The table of what is where: method, path, and the function that answers. A framework would cost a cold start."""

from __future__ import annotations

import json
import logging
import re
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from refrain.errors import RefrainError
from refrain.serving.http import v1
from refrain.serving.http.problems import CONTENT_TYPE, UnexpectedFailure, problem_document
from refrain.serving.http.refusals import AnswerTooLarge, MethodNotAllowed, NoSuchPath
from refrain.serving.http.requests import MOST_BYTES, Accepted, Json

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

logger = logging.getLogger("refrain")

type Answered = Json | dict[str, Any] | str | Accepted
"""JSON, written or to be written, HTML, or JSON with a status of its own."""

type Answering = Callable[..., Answered]
"""From registry, request and the path's parameters to an answer."""


@dataclass(slots=True)
class Answer:
    """Status, headers and body of what goes back."""

    status: int
    headers: dict[str, str]
    body: str

    def proxy(self) -> dict[str, Any]:
        """Write it as API Gateway expects it of a proxy integration."""
        return {"statusCode": self.status, "headers": self.headers, "body": self.body, "isBase64Encoded": False}


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>[^/:]+)", re.escape(path)))


def _late(module: str, name: str) -> Answering:
    """Import what answers when it is first asked for: a cold start is for predictions."""

    def answer(*arguments: Any, **named: Any) -> Answered:
        answering: Answering = getattr(import_module(f"refrain.serving.http.{module}"), name)
        return answering(*arguments, **named)

    return answer


ROUTES: tuple[tuple[str, re.Pattern[str], Answering], ...] = tuple(
    (method, _pattern(path), answering)
    for method, path, answering in (
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


def respond(request: HttpRequest, registry: Registry) -> Answer:
    """Answer a request, whatever it is."""
    try:
        answer = _success(_found(request)(registry, request))
        _finish(request)
        return answer
    except RefrainError as error:
        return _problem(error, request)
    except Exception:
        # Whatever nobody thought of is logged with its cause, and shown to nobody.
        logger.exception("request failed", extra={"request_id": request.id, "path": request.path[:200]})
        return _problem(UnexpectedFailure(), request, logged=True)


def _finish(request: HttpRequest) -> None:
    """Do what was to be done once the answer is made; it is not lost when that fails."""
    try:
        for each in request.afterwards:
            each()
    except Exception:  # the caller has a right answer, whatever becomes of its copy
        logger.exception("answered, but not captured", extra={"request_id": request.id, "path": request.path[:200]})


def _found(request: HttpRequest) -> Callable[[Registry, HttpRequest], Answered]:
    allowed = []
    for method, pattern, answering in ROUTES:
        match = pattern.fullmatch(request.path)
        if match and method == request.method:
            return lambda registry, request: answering(registry, request, **match.groupdict())
        if match:
            allowed.append(method)
    raise MethodNotAllowed(request.method, allowed) if allowed else NoSuchPath(request.path)


def _success(answer: Answered) -> Answer:
    if isinstance(answer, Accepted):
        return Answer(202, {"Content-Type": "application/json"}, _ENCODER.encode(answer.document))
    if isinstance(answer, str):
        return Answer(200, {"Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-cache"}, answer)
    body = answer.text if isinstance(answer, Json) else _ENCODER.encode(answer)
    # Lambda answers with the body as a JSON string: every quote and backslash in it counts twice.
    if len(body) + body.count('"') + body.count("\\") > MOST_BYTES:
        raise AnswerTooLarge(MOST_BYTES)
    return Answer(200, {"Content-Type": "application/json"}, body)


def _problem(error: RefrainError, request: HttpRequest, *, logged: bool = False) -> Answer:
    document = problem_document(error, request.id)
    if document["status"] >= 500 and not logged:
        logger.error("request failed", extra={"request_id": request.id, "reason": str(error)})
    if request.path.startswith("/v2"):
        document["error"] = document["detail"]  # what the Open Inference Protocol asks for
    headers = {"Content-Type": CONTENT_TYPE}
    if isinstance(error, MethodNotAllowed):
        headers["Allow"] = ", ".join(error.allowed)
    if document["status"] == 503:
        headers["Retry-After"] = "5"
    return Answer(document["status"], headers, _ENCODER.encode(document))
