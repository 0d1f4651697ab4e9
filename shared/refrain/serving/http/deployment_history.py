"""What was served when, and which version made a prediction: from the log of moves and the captured lines.

The log is exact about the moves. But a process learns of a move only after some seconds, and during the trial of a
canary two versions answer; then only the captured line of a prediction tells which one it was.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from refrain.lake.capture.record import asked_at
from refrain.lake.deployment import Deployment
from refrain.serving.http.refusals import InvalidRequestBody
from refrain.serving.trial_answers import CANARY
from refrain.times import from_iso, to_iso

if TYPE_CHECKING:
    from refrain.lake.deployment_log import DeploymentLog
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

MAX_MOVES = 100


def answer_history(registry: Registry, request: HttpRequest, model: str) -> dict[str, Any]:
    """Answer `GET /v1/models/{model}/history`: the moves, or with `at` or `prediction` one question about them."""
    registry.state(model)
    unknown = set(request.query) - {"at", "prediction"}
    if unknown or len(request.query) > 1:
        raise InvalidRequestBody("query: expected nothing, at=<ISO 8601 time> or prediction=<id>")
    if "at" in request.query:
        at = _read_time(request.query["at"])
        return {"model": model} | served_at(_read_log(registry, model), at)
    if "prediction" in request.query:
        return {"model": model} | answered_by(registry, model, request.query["prediction"])
    log = _read_log(registry, model)
    entries = log.entries(MAX_MOVES)
    return {"model": model, "moves": [entry.to_json() for entry in entries], "earlier": len(log) - len(entries)}


def _read_log(registry: Registry, model: str) -> DeploymentLog:
    """Read the pointer anew, since the registry's is some seconds old."""
    return Deployment.read(registry.store, model).log(registry.store)


def served_at(log: DeploymentLog, at: datetime) -> dict[str, Any]:
    """Return what was in service at a time (UTC), as far as the log reaches."""
    time = to_iso(at, "milliseconds")
    champion, challenger = log.state_at(time)
    if challenger and (challenger.until or "") < time:
        challenger = None
    return {
        "at": time,
        "model_version": champion.version if champion else None,
        "since": champion.time if champion else None,
        "challenger": challenger
        and {"version": challenger.version, "mode": challenger.mode, "share": challenger.share},
    }


def answered_by(registry: Registry, model: str, prediction: str) -> dict[str, Any]:
    """Return the version that made a prediction: exactly if it was captured, else as far as the log can tell."""
    asked = asked_at(prediction)
    if asked is None:
        raise InvalidRequestBody("prediction: expected one of the prediction_ids of an answer")
    answer = {"prediction_id": prediction, "asked_at": to_iso(asked, "milliseconds")}
    from refrain.serving.http.captured_lookup import version_of  # a cold start need not pay for a rare question

    version = version_of(registry.store, model, prediction, asked)
    if version:
        return answer | {"model_version": version, "source": "captured", "possible": [version]}
    possible = _possible_versions(registry, model, asked)
    return answer | {
        "model_version": possible[0] if len(possible) == 1 else None,
        "source": "log",
        "possible": possible,
    }


def _possible_versions(registry: Registry, model: str, asked: datetime) -> list[str]:
    """Name the versions that may have answered: a process looks for moves only every few seconds."""
    earlier = asked - timedelta(seconds=registry.refresh_seconds + 1)
    log = _read_log(registry, model)
    states = [served_at(log, time) for time in (asked, earlier)]
    canaries = [state["challenger"] for state in states if state["challenger"]]
    versions = [state["model_version"] for state in states]
    versions += [challenger["version"] for challenger in canaries if challenger["mode"] == CANARY]
    return list(dict.fromkeys(version for version in versions if version))


def _read_time(text: str) -> datetime:
    try:
        return from_iso(text.replace(" ", "+"))  # a plus that was not escaped
    except ValueError:
        raise InvalidRequestBody("at: expected an ISO 8601 time such as 2026-11-23T12:00:00Z") from None
