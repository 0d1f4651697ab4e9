"""The loop without the cloud around it: real handlers in this process, called in the order of the state machine."""

from __future__ import annotations

import csv
import importlib.util
import io
import json
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from refrain.errors import CandidateRefused, ChallengerChanged, ChampionChanged
from tests.integration.conftest import ROOT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from tests.integration.conftest import Aws

type Handler = Callable[[dict[str, Any], Any], dict[str, Any]]


def handler(function: str) -> Handler:
    """Load a function's handler as Lambda does: by its file (they are all called app.py)."""
    spec = importlib.util.spec_from_file_location(function.replace("/", "_"), ROOT / "functions" / function / "app.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    found: Handler = module.handler
    return found


class Context:
    """What Lambda passes beside the event."""

    aws_request_id = "test"
    function_name = "test"
    memory_limit_in_mb = 1769
    invoked_function_arn = "arn:aws:lambda:us-east-1:123456789012:function:test"

    @staticmethod
    def get_remaining_time_in_millis() -> int:
        """Enough."""
        return 540_000


def upload(aws: Aws, key: str, rows: Sequence[dict[str, Any]]) -> None:
    """Put a CSV into the inbox and let ingest have the event that S3 sends for it."""
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    aws.put(key, text.getvalue().encode())
    deliver(aws, key)


def deliver(aws: Aws, key: str) -> None:
    """Send ingest the event of an upload."""
    event = json.loads((ROOT / "events" / "01-upload.json").read_text())
    body = json.loads(event["Records"][0]["body"])
    entity = body["Records"][0]["s3"]
    head = aws.s3.head_object(Bucket=aws.inbox, Key=key)
    entity["bucket"]["name"] = aws.inbox
    entity["object"] |= {"key": key, "size": head["ContentLength"], "eTag": head["ETag"].strip('"')}
    event["Records"][0]["body"] = json.dumps(body)
    answer = handler("ingest")(event, Context())
    assert answer == {"batchItemFailures": []}


@dataclass
class Run:
    """A retraining run as far as the comparison; `refit` and `finish` are the rest."""

    snapshot: dict[str, Any]
    evaluation: dict[str, Any]
    proof: dict[str, Any] | None = None

    def refit(self) -> Run:
        """Fit the recipe on all rows, if one is wanted, and prove it."""
        refit, names = self.evaluation["refit"], {name: self.evaluation[name] for name in ("model", "run")}
        if refit["wanted"]:
            fitted = _train({**names, "candidate": refit["candidate"], "all_rows": True})
            self.prove(fitted if "version" in fitted else fitted["error"])
        return self

    def prove(self, fitted: dict[str, Any]) -> None:
        """Prove what was fitted, or have it noted why nothing was."""
        names = {name: self.evaluation[name] for name in ("model", "run")}
        self.proof = handler("retraining/evaluate")({**names, "fitted": fitted}, None)

    def finish(self) -> dict[str, Any]:
        """Promote, refresh or keep, as decided; as superseded when the deployment changed meanwhile."""
        if self.proof is None:
            self.refit()
        kept = "refresh" if self.proof and self.proof["proved"] else "keep"
        try:
            return self.conclude("promote" if self.evaluation["decision"]["promote"] else kept)
        except (ChampionChanged, ChallengerChanged):
            return self.conclude("superseded")

    def conclude(self, move: str) -> dict[str, Any]:
        """Call the last step."""
        event = {"move": move, "model": self.evaluation["model"], "run": self.evaluation["run"]}
        return handler("retraining/move")({**event, "evaluation": self.evaluation}, None)


def compare(model: str, refused: Mapping[str, str] = {}, **request: Any) -> Run:
    """Take a snapshot, train the candidates, compare with the champion. There must be enough to learn from.

    The training of `refused` candidates fails, with these sentences.
    """
    snapshot = snapshot_of(model, **request)
    assert snapshot["enough"], snapshot["why"]
    names = {name: snapshot[name] for name in ("model", "run")}
    candidates = (candidate["name"] for candidate in snapshot["candidates"])
    trained = [
        {"candidate": name, "error": refused[name]} if name in refused else _train({**names, "candidate": name})
        for name in candidates
    ]
    return Run(snapshot, handler("retraining/evaluate")({**snapshot, "trained": trained}, None))


def retrain(model: str, **request: Any) -> dict[str, Any]:
    """Do a whole run."""
    return compare(model, **request).finish()


def snapshot_of(model: str, **request: Any) -> dict[str, Any]:
    """Do the first step."""
    event = {
        "request": {"model": model, **request},
        "execution": uuid.uuid4().hex,
        "started_at": datetime.now(UTC).isoformat(),
    }
    return handler("retraining/snapshot")(event, None)


def _train(event: dict[str, Any]) -> dict[str, Any]:
    try:
        return handler("retraining/train")(event, None)
    except CandidateRefused as refused:
        cause = {"errorMessage": str(refused), "errorType": "CandidateRefused"}
        return {"candidate": event["candidate"], "error": {"Error": "CandidateRefused", "Cause": json.dumps(cause)}}
