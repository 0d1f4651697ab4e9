"""Gives API Gateway's own answers the form that the template's `GatewayResponses` say."""

import uuid

from flask import Response

from local.template import Resolver, Template

_KINDS = {
    "Forbidden": "INVALID_API_KEY",
    "Missing Authentication Token": "MISSING_AUTHENTICATION_TOKEN",
    "Request Too Long": "REQUEST_TOO_LARGE",
    "Internal server error": "DEFAULT_5XX",
}
"""The kinds of responses by the sentence of AWS, which stands in answers that nobody configured."""


class GatewayResponses:
    """The configured answers of the template's API."""

    def __init__(self, template: Template) -> None:
        resolver = Resolver(template, endpoint="")
        self._configured = {
            kind: resolver.resolve(response)
            for api in template.of_type("AWS::Serverless::Api")
            for kind, response in api.properties.get("GatewayResponses", {}).items()
        }

    def apply(self, response: Response) -> Response:
        """Replace an answer of API Gateway itself; an answer of a function stays as it is."""
        configured = self._configured.get(_KINDS.get(_sentence(response), ""))
        if configured:
            text = configured["ResponseTemplates"]["application/json"]
            response.set_data(text.replace("$context.requestId", str(uuid.uuid4())))
            for name, value in configured["ResponseParameters"]["Headers"].items():
                if value is not None:
                    response.headers[name] = value.strip("'")
        return response


def _sentence(response: Response) -> str:
    if response.status_code < 400:
        return ""
    document = response.get_json(silent=True)
    return str(document["message"]) if isinstance(document, dict) and set(document) == {"message"} else ""
