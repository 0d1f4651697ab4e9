"""Serves the HTTPS API: SAM's local gateway for routes and events, and the check of the API key that it lacks."""

import hmac
import json
import logging
from typing import Any

from flask import Flask, Request, Response, request
from samcli.lib.providers.api_provider import ApiProvider
from samcli.lib.providers.sam_stack_provider import SamLocalStackProvider
from samcli.local.apigw.local_apigw_service import LocalApigwService

from local.aws_server import Invoke
from local.errors import TooManyCalls
from local.gateway_responses import GatewayResponses
from local.names import ACCOUNT, REGION
from local.template import Template
from local.web_server import WebServer

MAX_BODY_BYTES = 10 * 1024 * 1024  # API Gateway's own limit
MAX_EVENT_BYTES = 6 * 1024 * 1024  # Lambda's limit for the event, which contains the body

_ANY_METHOD = "X-AMAZON-APIGATEWAY-ANY-METHOD"

logging.getLogger("samcli").setLevel(logging.CRITICAL)


class EventTooLong(Exception):
    """The event is longer than Lambda accepts."""


class _Runner:
    """Replaces SAM's Docker runner."""

    def __init__(self, template: Template, invoke: Invoke) -> None:
        self._template = template
        self._invoke = invoke

    def is_debugging(self) -> bool:
        """Answer no, or SAM would handle one request at a time."""
        return False

    def invoke(self, function_identifier: str, event: str, stdout: Any, **_: Any) -> None:
        """Call the function and write its answer to `stdout`; a failed call writes no JSON, so that SAM answers 502."""
        payload = event.encode()
        if len(payload) > MAX_EVENT_BYTES:
            raise EventTooLong
        answer = self._invoke(self._template.resources[function_identifier].name, payload)
        stdout.write_str("failed" if answer.failed else answer.payload.decode())


class Gateway:
    """Serves the template's API on a port."""

    def __init__(self, template: Template, invoke: Invoke, api_key: str, web: WebServer) -> None:
        self.url = web.url
        self._web = web
        self._api_key = api_key
        self._open_routes = set(_open_routes(template))
        web.serve(self._application(template, _Runner(template, invoke)))

    def stop(self) -> None:
        """Stop answering."""
        self._web.stop()

    def _application(self, template: Template, runner: _Runner) -> Flask:
        stacks, _ = SamLocalStackProvider.get_stacks(
            str(template.path),
            parameter_overrides=dict(template.parameters),
            global_parameter_overrides={"AWS::Region": REGION, "AWS::AccountId": ACCOUNT},
        )
        service = LocalApigwService(
            ApiProvider(stacks, cwd=str(template.folder)).api, runner, port=self._web.port, host="127.0.0.1"
        )
        service.create()
        application: Flask = service._app
        application.before_request(self._check)
        application.after_request(GatewayResponses(template).apply)
        application.register_error_handler(EventTooLong, lambda _: _refusal(413, "Request Too Long"))
        application.register_error_handler(TooManyCalls, lambda _: _refusal(500, "Internal server error"))
        return application

    def _check(self) -> Response | None:
        """Refuse what API Gateway refuses before it calls a function."""
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return _refusal(413, "Request Too Long", close=True)
        if request.url_rule is None:
            return None
        key, path = request.headers.get("x-api-key", ""), request.url_rule.rule
        is_open = not self._open_routes.isdisjoint({(path, request.method), (path, _ANY_METHOD)})
        if not is_open and not hmac.compare_digest(key.encode(), self._api_key.encode()):
            return _refusal(403, "Forbidden")
        _read_as_text(request)
        return None


def _open_routes(template: Template) -> list[tuple[str, str]]:
    """List the paths and methods that need no key, according to the template's OpenAPI document."""
    return [
        (path.replace("{proxy+}", "<path:proxy>"), method.upper())
        for api in template.of_type("AWS::Serverless::Api")
        for path, methods in api.properties.get("DefinitionBody", {}).get("paths", {}).items()
        for method, operation in methods.items()
        if operation.get("security") == []
    ]


def _read_as_text(request: Request) -> None:
    """Replace the bytes of a body that are not UTF-8, as API Gateway does; SAM would answer with an error."""
    body = request.get_data()
    request._cached_data = body.decode(errors="replace").encode()


def _refusal(status: int, message: str, close: bool = False) -> Response:
    response = Response(json.dumps({"message": message}), status, content_type="application/json")
    if close:
        response.headers["Connection"] = "close"
    return response
