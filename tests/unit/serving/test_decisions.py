"""A version whose definition has costs decides, and says so through every door; others say nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from refrain.lake.decision_rule import DecisionRule
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

if TYPE_CHECKING:
    from collections.abc import Callable

CLASSES = ("<=50K", ">50K")
INFER = "/v2/models/people/infer"
TENSORS = [{"name": name, "datatype": "BYTES", "shape": [1], "data": [str(value)]} for name, value in tiny.ADA.items()]


def deciding(make_api: Callable[[], Api], version: tiny.Model, threshold: float | None) -> Api:
    """Serve people by a rule with this threshold; without one, deciding for the second class is free."""
    rule = DecisionRule(CLASSES, [[0.0, 0.0], [9.0, 0.0]], threshold)
    files = replace(version.files, manifest=replace(version.files.manifest, rule=rule))
    api, model = make_api(), replace(version, files=files)
    tiny.put_version(api.lake, model)
    tiny.deploy(api.lake, model)
    return api


@pytest.mark.parametrize(("threshold", "decision"), [(0.0, ">50K"), (1.0, "<=50K"), (None, ">50K")])
def test_each_door_has_the_same_decision(
    make_api: Callable[[], Api],
    tiny_version: tiny.Model,
    capsys: pytest.CaptureFixture[str],
    threshold: float | None,
    decision: str,
) -> None:
    api = deciding(make_api, tiny_version, threshold)

    (prediction,) = api.predict("people", tiny.ADA)["predictions"]
    (line,) = [json.loads(text) for text in capsys.readouterr().out.splitlines()]
    inferred = read(api.ask("POST", INFER, {"inputs": TENSORS}))
    outputs: dict[str, Any] = {item["name"]: item for item in inferred["outputs"]}
    metadata = {item["name"]: item for item in api.get("/v2/models/people")["outputs"]}

    assert list(prediction)[:3] == ["label", "probabilities", "decision"]
    assert prediction["decision"] == outputs["decision"]["data"][0] == line["rows"][0]["decision"] == decision
    assert metadata["decision"] == {"name": "decision", "datatype": "BYTES", "shape": [-1]}
    assert "What costs least" in json.dumps(api.get("/openapi.json"))


def test_without_costs_nothing_is_decided(
    make_api: Callable[[], Api], tiny_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    api = make_api()
    tiny.put_version(api.lake, tiny_version)
    tiny.deploy(api.lake, tiny_version)

    answer = json.dumps(api.predict("people", tiny.ADA))

    assert "decision" not in answer
    assert '"decision"' not in capsys.readouterr().out
    assert "decision" not in json.dumps(read(api.ask("POST", INFER, {"inputs": TENSORS})))
