"""The keys of a function whose environment names an address instead of keys, as Lambda does with SnapStart.

obstore asks for new keys when those that it has end within five minutes by the clock. So keys that ended while a
snapshot lay on a disk are never used.
"""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from http.client import HTTPException
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.request import ProxyHandler, Request, build_opener

from refrain.errors import ServiceUnavailable
from refrain.times import from_iso

if TYPE_CHECKING:
    from obstore.store import S3Credential


MAX_SECONDS = 1.0
"""The address is on the same machine."""
PAUSES = (0.0, 0.05, 0.2)
"""The seconds before each try."""


class ContainerCredentials:
    """Asks an address for keys; while it does not answer, the last ones are used until their end."""

    def __init__(self) -> None:
        self._address = os.environ["AWS_CONTAINER_CREDENTIALS_FULL_URI"]
        self._opener = build_opener(ProxyHandler({}))
        self._latest: S3Credential | None = None

    def __call__(self) -> S3Credential:
        """Return keys and their end. Raises `ServiceUnavailable`, which tells nothing of them."""
        cause = ""
        for pause in PAUSES:
            time.sleep(pause)
            try:
                self._latest = self._ask()
            except (OSError, HTTPException, ValueError, KeyError, TypeError) as error:
                cause = type(error).__name__
            else:
                return self._latest
        latest = self._latest
        if latest and latest["expires_at"] and latest["expires_at"] > datetime.now(UTC):
            return latest
        raise ServiceUnavailable("asking for credentials", cause)

    def _ask(self) -> S3Credential:
        request = Request(self._address, headers={"Authorization": _token()})  # noqa: S310 - Lambda names the address
        with self._opener.open(request, timeout=MAX_SECONDS) as answer:
            keys = json.load(answer)
        return {
            "access_key_id": keys["AccessKeyId"],
            "secret_access_key": keys["SecretAccessKey"],
            "token": keys.get("Token"),
            "expires_at": from_iso(keys["Expiration"]) if keys.get("Expiration") else None,
        }


def _token() -> str:
    """Read the token anew, since its file is replaced from time to time."""
    path = os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE")
    return Path(path).read_text().strip() if path else os.environ.get("AWS_CONTAINER_AUTHORIZATION_TOKEN", "")
