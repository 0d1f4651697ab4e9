"""Steps "Promote", "Keep the champion" and "The champion changed meanwhile": the end of a run, and its report."""

from __future__ import annotations

from typing import Any

from refrain.promotion import Request, conclude
from refrain.settings import settings
from refrain.storage import open_store


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Carry out what the run decided."""
    return conclude(open_store(settings().lake_bucket), Request.of(event))
