"""Answers from the champion of each model: an API Gateway proxy event in, its answer out."""

from __future__ import annotations

import gc

# Hardly anything that is imported becomes garbage: to look for some all the while is a twelfth of a cold start.
gc.disable()

from typing import Any

from refrain.serving.http.requests import HttpRequest
from refrain.serving.http.routes import respond
from refrain.serving.registry.registry import registry
from refrain.serving.registry.warming import warm_up

warm_up()
gc.freeze()
gc.enable()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Parse, one call, answer."""
    return respond(HttpRequest.of(event), registry()).proxy()
