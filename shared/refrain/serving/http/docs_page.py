"""A page to try the models from: one file, which needs nothing but this API."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry


def answer_docs(_registry: Registry, _request: HttpRequest) -> str:
    """Answer `GET /docs`; the page shows what `/openapi.json` describes."""
    return Path(__file__).with_name("docs.html").read_text(encoding="utf-8")
