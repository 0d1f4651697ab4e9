"""The state "Compare with the champion", which answers with keys and figures."""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.evaluation.evaluate import EvaluationRequest, evaluate
from refrain.settings import EvaluationSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Compare the candidates of a run with the champion."""
    settings = read_settings(EvaluationSettings)
    return evaluate(open_store(settings.lake_bucket), EvaluationRequest.of(event), settings.inference_bytes)
