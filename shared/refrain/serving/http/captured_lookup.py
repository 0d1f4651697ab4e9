"""Search the captured lines for one prediction, without parsing the others. Imported only for such a search."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from typing import TYPE_CHECKING

from refrain.lake.by_hour import keys_between, read_all
from refrain.lake.capture.reading import LATE, captured_prefix

if TYPE_CHECKING:
    from datetime import datetime

    from refrain.aws.storage import Store

MAX_SEARCHED_FILES = 500
MAX_SEARCH_SECONDS = 10.0
"""API Gateway gives up after 29."""

_LINE = b'{"capture":1,'
_DECODER = json.JSONDecoder()


def version_of(store: Store, model: str, prediction: str, asked: datetime) -> str | None:
    """Search the hours in which the prediction's line can have arrived; None when it is not found in time."""
    files = keys_between(store, captured_prefix(model), asked, asked + LATE)[:MAX_SEARCHED_FILES]
    end = time.monotonic() + MAX_SEARCH_SECONDS
    for _, content in read_all(store, files):
        version = _version_in(content.data, prediction)
        if version or time.monotonic() > end:
            return version
    return None


def _version_in(data: bytes, prediction: str) -> str | None:
    """Find the line with a prediction and return the version that it names; None for a damaged file."""
    try:
        text = gzip.decompress(data)
        position = text.find(f'"id":"{prediction}"'.encode())
        start = text.rfind(_LINE, 0, max(position, 0))
        if position < 0 or start < 0:
            return None
        line, _ = _DECODER.raw_decode(text[start:].decode())
        return str(line["version"])
    except (OSError, EOFError, zlib.error, ValueError, KeyError, TypeError):
        return None
