"""A failure as the caller sees it: a problem document (RFC 9457, https://www.rfc-editor.org/rfc/rfc9457).

Status and code are those of the error's class.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from refrain.errors import RefrainError
from refrain.serving.http.refusals import MAX_TEXT_LENGTH, Refused, shorten_text

CONTENT_TYPE = "application/problem+json"


def problem_document(error: RefrainError, request_id: str) -> dict[str, Any]:
    """Describe an error to the caller; a failure on this side names the request id and shows nothing of the inside."""
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.status.phrase,
        "status": error.status.value,
        "code": error.code,
        "detail": error.public or shorten_text(str(error), 2 * MAX_TEXT_LENGTH),
    }
    if isinstance(error, Refused) and (problems := error.problems):
        document["problems"] = problems
    if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        document["request_id"] = request_id
    return document


def problem_codes(kind: type[RefrainError] = RefrainError) -> dict[str, HTTPStatus]:
    """Return the codes that a caller can see with their status: those of an error class and of all below it."""
    codes = {kind.code: kind.status}
    for subclass in kind.__subclasses__():
        codes |= problem_codes(subclass)
    return codes
