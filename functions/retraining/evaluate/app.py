"""The state "Compare with the champion", which answers with keys and figures."""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.evaluation.evaluate import EvaluationRequest, evaluate
from refrain.settings import LakeSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Compare the candidates of a run with the champion."""
    return evaluate(open_store(read_settings(LakeSettings).lake_bucket), EvaluationRequest.of(event))
