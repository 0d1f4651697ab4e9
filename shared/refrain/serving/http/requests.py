"""A request as API Gateway sends it, and its body as JSON, within limits."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn, Self
from urllib.parse import unquote

from refrain.repeated_names import find_repeated_name
from refrain.serving.http.refusals import BodyTooLarge, InvalidRequestBody, NotJson, WrongContentType, shorten_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MAX_PAYLOAD_BYTES = 6 * 1024 * 1024
"""The limit of Lambda, for a request and for an answer."""

MAX_INSTANCES = 1000
MAX_IGNORED_NAMES = 50


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON: send null for a missing value")


_DECODER = json.JSONDecoder(parse_constant=_refuse_constant)


@dataclass(frozen=True)
class Accepted:
    """The document that confirms that something was kept for later: status 202."""

    document: dict[str, Any]


@dataclass(slots=True)
class Json:
    """An answer that is JSON text already."""

    text: str


@dataclass(slots=True)  # made for each request, which takes four times as long when it is frozen
class HttpRequest:
    """Method, decoded path, headers as sent, body as sent, and the id by which the logs know it.

    The tasks in `afterwards` run once the answer is made, if it is a success.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: str
    encoded: bool
    id: str
    query: Mapping[str, str] = field(default_factory=dict)
    afterwards: list[Callable[[], None]] = field(default_factory=list, compare=False)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> Self:
        """Read a REST proxy event (payload format 1.0)."""
        return cls(
            method=event["httpMethod"],
            path=unquote(event["path"]),
            headers=event.get("headers") or {},
            body=event.get("body") or "",
            encoded=bool(event.get("isBase64Encoded")),
            id=(event.get("requestContext") or {}).get("requestId") or "",
            query=event.get("queryStringParameters") or {},
        )

    def header(self, name: str) -> str:
        """Return a header by its lower-case name, "" when it is absent."""
        for key, value in self.headers.items():
            if key.lower() == name:
                return value or ""
        return ""

    def document(self) -> dict[str, Any]:
        """Parse the body as a JSON object. Raises a `Refused` when it is anything else."""
        _check_content_type(self.header("content-type"))
        text = self._text()
        if not text.strip():
            raise InvalidRequestBody("expected a JSON object, got no body")
        try:
            document = _DECODER.decode(text)
        except RecursionError:
            raise NotJson("the body is nested too deeply") from None
        except ValueError as error:
            raise NotJson(f"the body is not JSON: {error}") from None
        if not isinstance(document, dict):
            raise InvalidRequestBody("expected a JSON object")
        repeated = find_repeated_name(text, document)
        if repeated:
            where, name = map(shorten_text, repeated)
            raise InvalidRequestBody(f"{where}: the name {name!r} appears twice")
        return document

    def _text(self) -> str:
        if not self.encoded:
            if len(self.body) > MAX_PAYLOAD_BYTES or (not self.body.isascii() and _size(self.body) > MAX_PAYLOAD_BYTES):
                raise BodyTooLarge(MAX_PAYLOAD_BYTES)
            return self.body
        try:
            data = base64.b64decode(self.body, validate=True)
            if len(data) > MAX_PAYLOAD_BYTES:
                raise BodyTooLarge(MAX_PAYLOAD_BYTES)
            return data.decode()
        except UnicodeDecodeError:
            raise NotJson("the body is not UTF-8") from None
        except ValueError:
            raise NotJson("the body is not valid base64") from None


def list_ignored(names: Iterable[str]) -> list[str]:
    """List names that were sent and that the model does not know, as an answer tells them.

    >>> list_ignored({"b", "a"})
    ['a', 'b']
    """
    return sorted(map(shorten_text, names))[:MAX_IGNORED_NAMES]


def _size(text: str) -> int:
    return len(text.encode(errors="surrogatepass"))


def _check_content_type(value: str) -> None:
    if not value or value == "application/json":
        return
    kind, *parameters = (part.strip().lower() for part in value.split(";"))
    charsets = {part.removeprefix("charset=").strip('"') for part in parameters if part.startswith("charset=")}
    if kind != "application/json" or not charsets <= {"utf-8", "utf8", "us-ascii"}:
        raise WrongContentType(value)
