"""Answers from the champion of each model: an API Gateway proxy event in, its answer out."""

from __future__ import annotations

from typing import Any

from refrain.serving.registry import registry
from refrain.serving.requests import Request
from refrain.serving.routes import respond
from refrain.serving.warming import warm_up

warm_up()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Parse, one call, answer."""
    return respond(Request.of(event), registry()).proxy()
