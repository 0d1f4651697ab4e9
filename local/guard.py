"""Stands before AWS on this machine and denies a function what its role does not allow, as IAM does.

A function signs with a key that is its name; who has another key is the user of this machine, who may do anything.
What was used is written down, a line of JSON for each grant, and so is all that was denied: rights that are missing
fail here, and rights that nobody needs can be found.
"""

import json
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from local.requested_actions import RequestedAction, requested_actions, signer
from local.rights import Rights

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

RECORD_FILE = "rights.jsonl"
"""The file in the state folder: `{"function", "action", "resource", "by"}`; `by` is null where it was denied."""


class Guard:
    """Knows who may do what; `record` is the file to write down what was used and denied."""

    def __init__(self, rights: Rights, record: Path) -> None:
        self._rights = rights
        self._record = record
        self._lock = threading.Lock()
        self._written: set[tuple[str, ...]] = set()
        record.write_text("")

    def before(self, application: "WSGIApplication") -> "WSGIApplication":
        """The application, asked only for what is allowed."""

        def guarded(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
            who, service = signer(environ)
            if who not in self._rights:
                return application(environ, start_response)
            wanted = requested_actions(environ, service)
            denied = [each for each in wanted if not self._allowed(who, *each)]
            if denied:
                return _refuse(environ, start_response, service, who, denied[0])
            if service == "s3" and environ["REQUEST_METHOD"] in ("GET", "HEAD"):
                start_response = self._hiding(who, wanted[0], start_response)
            return application(environ, start_response)

        return guarded

    def _hiding(self, who: str, wanted: RequestedAction, start_response: "StartResponse") -> "StartResponse":
        """Say 403 for a key that is missing, as S3 does to whoever may not list the bucket."""

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Callable[[bytes], object]:
            hidden = status.startswith("404") and not self._allowed(who, "s3:ListBucket", wanted[1].partition("/")[0])
            return start_response("403 Forbidden" if hidden else status, headers, *error)

        return start

    def _allowed(self, who: str, action: str, resource: str) -> bool:
        by = next((grant for grant in self._rights[who] if grant.covers(action, resource)), None)
        line = {"function": who, "action": action, "resource": by.resource if by else resource, "by": by and by.action}
        with self._lock:
            if (key := tuple(map(str, line.values()))) not in self._written:
                self._written.add(key)
                with self._record.open("a") as file:
                    file.write(json.dumps(line) + "\n")
        return by is not None


def _refuse(
    environ: "WSGIEnvironment", start_response: "StartResponse", service: str, who: str, denied: RequestedAction
) -> Iterable[bytes]:
    message = f"{who} is not authorized to perform: {denied[0]} on resource: {denied[1]}"
    if "HTTP_X_AMZ_TARGET" in environ:
        body = json.dumps({"__type": "AccessDeniedException", "message": message}).encode()
        status, kind = "400 Bad Request", "application/x-amz-json-1.0"
    else:
        error = f"<Error><Code>AccessDenied</Code><Message>{message}</Message></Error>"
        body = (error if service == "s3" else f"<ErrorResponse>{error}</ErrorResponse>").encode()
        status, kind = "403 Forbidden", "application/xml"
    if environ["REQUEST_METHOD"] == "HEAD":
        body = b""
    start_response(status, [("Content-Type", kind), ("Content-Length", str(len(body))), ("Connection", "close")])
    return [body]
