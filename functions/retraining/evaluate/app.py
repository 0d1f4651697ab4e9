"""The states "Compare with the champion" and "Prove the refitted model", which answer with keys and figures."""

from __future__ import annotations

from typing import Any

from refrain.aws.storage import open_store
from refrain.evaluation.evaluate import EvaluationRequest, evaluate
from refrain.evaluation.refit_proof import ProofRequest, prove_refit
from refrain.settings import EvaluationSettings, read_settings


def handler(event: dict[str, Any], _context: object) -> dict[str, object]:
    """Compare the candidates of a run with the champion; or prove the version that was `fitted` on all rows."""
    settings = read_settings(EvaluationSettings)
    store = open_store(settings.lake_bucket)
    if "fitted" in event:
        return prove_refit(store, ProofRequest.of(event), settings.inference_bytes)
    return evaluate(store, EvaluationRequest.of(event), settings.inference_bytes)
