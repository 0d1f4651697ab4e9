"""Models that were fitted elsewhere become versions: proved, promoted, asked, rolled back, on moto."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import joblib
import numpy as np
import pytest
import skops.io

from cli.app import main
from cli.exit_codes import DONE
from local.local_stack import LocalStack
from refrain.aws.storage import Store
from refrain.serving.registry.registry import registry
from tests.integration.conftest import guess_footprint
from tests.integration.loop import Context, handler
from tests.unit import importing_models as elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Aws


class Desk:
    """A person's folder with rows, and a stack without models."""

    def __init__(self, aws: Aws, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store, self.folder, self.capsys = Store(aws.lake), folder, capsys
        self.table = elsewhere.people()
        self.rows = self.table.write(folder)

    def run(self, *arguments: object) -> tuple[int, str, str]:
        """Run the command; return its code, its output and its errors."""
        code = main([*map(str, arguments), "--json"])
        output = self.capsys.readouterr()
        return code, output.out, output.err

    def bring(self, model: Path, *arguments: object) -> dict[str, Any]:
        """Import a model that is accepted."""
        code, output, error = self.run("import", model, "--rows", self.rows, *arguments)
        assert code == DONE, error
        return dict(json.loads(output))

    def move(self, event: dict[str, Any]) -> None:
        """Move the deployment as the state machine does for a person."""
        by = {"execution": uuid.uuid4().hex, "started_at": datetime.now(UTC).isoformat()}
        handler("retraining/move")({**by, **event}, None)
        registry.cache_clear()

    def promote(self, version: str) -> None:
        """Put a version into service."""
        self.move({"move": "act", "request": {"model": "people", "action": "promote", "version": version}})

    def ask(self, rows: int = 50) -> dict[str, Any]:
        """Ask over HTTP about the first rows of the file."""
        instances = json.loads(self.table.features.head(rows).to_json(orient="records"))
        body = json.dumps({"instances": instances})
        event = {"httpMethod": "POST", "path": "/v1/models/people:predict", "headers": {}, "body": body}
        answer = handler("inference")(event, Context())
        assert answer["statusCode"] == 200, answer["body"]
        return dict(json.loads(answer["body"]))


@pytest.fixture
def desk(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A person at work in a folder; the command is led to a stack on moto."""
    stack = LocalStack({"aws_endpoint_url": aws.endpoint, "inbox_bucket": aws.inbox, "lake_bucket": aws.lake})
    monkeypatch.setattr("cli.stack_choice.choose_stack", lambda _: stack)
    monkeypatch.setattr("refrain.evaluation.loading_process.measure_loading", guess_footprint)
    monkeypatch.chdir(tmp_path)
    return Desk(aws, tmp_path, capsys)


@pytest.mark.parametrize("suffix", ["joblib", "skops"])
def test_a_pipeline_serves_what_it_answered_itself(desk: Desk, suffix: str) -> None:
    model, file = elsewhere.pipeline(desk.table), desk.folder / f"model.{suffix}"
    dump(model, file)
    report = desk.bring(file, "--trust")
    desk.promote(report["version"])
    answer = desk.ask()
    own = model.predict_proba(desk.table.features.head(50))

    served = np.array([[item["probabilities"][label] for label in ("no", "yes")] for item in answer["predictions"]])
    assert np.abs(served - own).max() < 1e-5
    assert (report["rows"], report["refused"]) == (elsewhere.ROWS, 0)
    assert answer["model_version"] == report["version"]
    assert (desk.folder / "people.toml").exists()


def dump(model: Any, file: Path) -> None:
    """Store a model as its file's name says."""
    if file.suffix == ".skops":
        skops.io.dump(model, file)
    else:
        joblib.dump(model, file)
