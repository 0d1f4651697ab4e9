"""Answers with the champion of each model: an API Gateway proxy event comes in, its answer goes out."""

from __future__ import annotations

import gc

# Imports leave hardly any garbage, and collecting it during them would take a twelfth of a cold start.
gc.disable()

from typing import Any

from refrain.serving.http.cors import allowed_origins
from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import respond
from refrain.serving.registry.registry import registry
from refrain.serving.registry.warming import warm_up

warm_up()
gc.freeze()
gc.enable()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a request."""
    return respond(HttpRequest.of(event), registry(), allowed_origins()).proxy()
