"""Values that are familiar one by one, but not together: every way out says so, in the same words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from refrain.lake.capture.predictions import rows_of_line
from refrain.unfamiliar import Combination
from tests.unit.serving import tiny
from tests.unit.serving.conftest import read

if TYPE_CHECKING:
    from tests.unit.serving.conftest import Api


@pytest.fixture(scope="module")
def larger_version() -> tiny.Model:
    return tiny.people(1200)


@pytest.fixture
def broken_instance(api: Api, larger_version: tiny.Model) -> dict[str, Any]:
    """An instance with the values of several training rows, as the version in service gets it."""
    tiny.deploy(api.lake, larger_version)
    rows = [row for row in larger_version.files.golden.rows[:20] if row.get("city")]
    for row in rows:
        for other in rows:
            instance: dict[str, Any] = row | {name: other[name] for name in ("city", "joined") if name in other}
            (prediction,) = api.predict("people", instance)["predictions"]
            if "unfamiliar_combination" in prediction:
                return instance
    pytest.fail("no combination is unfamiliar")


def test_a_combination_is_named_in_both_protocols_and_captured(
    api: Api, broken_instance: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    capsys.readouterr()
    (prediction,) = api.predict("people", broken_instance)["predictions"]
    tensors = [
        {"name": name, "datatype": "BYTES", "shape": [1], "data": [None if value is None else str(value)]}
        for name, value in broken_instance.items()
    ]
    outputs = read(api.ask("POST", "/v2/models/people/infer", {"inputs": tensors}))["outputs"]
    names = prediction["unfamiliar_combination"]
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert "unfamiliar" not in prediction
    assert 1 <= len(names) <= 3
    assert {output["name"]: output["data"] for output in outputs}["unfamiliar_combination"] == [",".join(names)]
    assert [row.unfamiliar for line in lines for row in rows_of_line(line)] == [Combination(tuple(names))] * 2


def test_a_combination_is_the_same_alone_and_among_a_thousand(api: Api, broken_instance: dict[str, Any]) -> None:
    alone = api.predict("people", broken_instance)["predictions"]
    assert api.predict("people", *[broken_instance] * 20)["predictions"] == alone * 20
    many = api.predict("people", *[broken_instance] * 1000)["predictions"]
    assert all("unfamiliar_combination" in prediction for prediction in many)
    tensor = {"name": "age", "datatype": "FP64", "shape": [1000], "data": [broken_instance["age"]] * 1000}
    inputs = [tensor] + [
        {"name": name, "datatype": "BYTES", "shape": [1000], "data": [None if value is None else str(value)] * 1000}
        for name, value in broken_instance.items()
        if name != "age"
    ]
    document = {"inputs": inputs, "outputs": [{"name": "unfamiliar_combination"}]}
    (output,) = read(api.ask("POST", "/v2/models/people/infer", document))["outputs"]
    assert output["data"] == [",".join(prediction["unfamiliar_combination"]) or "?" for prediction in many]


def test_the_schema_of_a_prediction_names_it(api: Api, broken_instance: dict[str, Any]) -> None:
    assert broken_instance
    schema = api.get("/openapi.json")["components"]["schemas"]
    assert any("unfamiliar_combination" in part.get("properties", {}) for part in schema.values())
