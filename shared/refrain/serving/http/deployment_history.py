"""What was served when, and which version answered a prediction: read from the log of moves and from what was captured.

The log is exact about the moves. A process hears of a move some seconds later, and while a canary is on trial two
versions answer; then only the captured line of a prediction tells which one it was.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from refrain.lake import deployment_log
from refrain.serving.http.refusals import InvalidRequestBody
from refrain.serving.prediction import CANARY
from refrain.times import to_iso_milliseconds

if TYPE_CHECKING:
    from refrain.aws.storage import Store
    from refrain.lake.deployment_log import LogEntry
    from refrain.serving.http.requests import HttpRequest
    from refrain.serving.registry.registry import Registry

MAX_MOVES = 100

_ID = re.compile(r"([0-9a-f]{11})[0-9a-f]{10}-\d{3}")


def answer_history(registry: Registry, request: HttpRequest, model: str) -> dict[str, Any]:
    """Answer `GET /v1/models/{model}/history`: all moves, or with `at` or `prediction` one question about them."""
    registry.standing(model)
    unknown = set(request.query) - {"at", "prediction"}
    if unknown or len(request.query) > 1:
        raise InvalidRequestBody("query: expected nothing, at=<ISO 8601 time> or prediction=<id>")
    if "at" in request.query:
        return {"model": model} | served_at(registry.store, model, _moment(request.query["at"]))
    if "prediction" in request.query:
        return {"model": model} | answered_by(registry, model, request.query["prediction"])
    moves = deployment_log.log_keys(registry.store, model)
    entries = deployment_log.read_entries(registry.store, moves[-MAX_MOVES:])
    return {"model": model, "moves": [entry.to_json() for entry in entries], "earlier": len(moves) - len(entries)}


def served_at(store: Store, model: str, at: datetime) -> dict[str, Any]:
    """Say what was in service at a moment (UTC), as far as the log of moves reaches."""
    state = deployment_log.state_at(store, model, to_iso_milliseconds(at))
    champion, challenger = state.champion, _on_trial(state.challenger, at)
    return {
        "at": to_iso_milliseconds(at),
        "model_version": champion.version if champion else None,
        "since": champion.time if champion else None,
        "challenger": challenger
        and {"version": challenger.version, "mode": challenger.mode, "share": challenger.share},
    }


def answered_by(registry: Registry, model: str, prediction: str) -> dict[str, Any]:
    """Say which version made a prediction: exactly if it was captured, else what the log leaves possible."""
    match = _ID.fullmatch(prediction)
    if match is None:
        raise InvalidRequestBody("prediction: expected one of the prediction_ids of an answer")
    asked = datetime.fromtimestamp(int(match[1], 16) / 1000, UTC)
    answer = {"prediction_id": prediction, "asked_at": f"{asked.isoformat(timespec='milliseconds')[:-6]}Z"}
    from refrain.serving.http.captured_lookup import version_of  # a cold start need not pay for what is seldom asked

    found = version_of(registry.store, model, prediction, asked)
    if found:
        return answer | {"model_version": found, "source": "captured", "possible": [found]}
    possible = _possible(registry, model, asked)
    return answer | {
        "model_version": possible[0] if len(possible) == 1 else None,
        "source": "log",
        "possible": possible,
    }


def _possible(registry: Registry, model: str, asked: datetime) -> list[str]:
    """Name the versions that may have answered: a process looks for moves only every few seconds."""
    states = [
        served_at(registry.store, model, each)
        for each in (asked, asked - timedelta(seconds=registry.refresh_seconds + 1))
    ]
    versions = [state["model_version"] for state in states]
    versions += [
        state["challenger"]["version"]
        for state in states
        if state["challenger"] and state["challenger"]["mode"] == CANARY
    ]
    return list(dict.fromkeys(version for version in versions if version))


def _on_trial(challenger: LogEntry | None, at: datetime) -> LogEntry | None:
    return challenger if challenger and (challenger.until or "") >= to_iso_milliseconds(at) else None


def _moment(text: str) -> datetime:
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))  # a plus that nobody escaped
    except ValueError:
        raise InvalidRequestBody("at: expected an ISO 8601 time such as 2026-11-23T12:00:00Z") from None
    return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
