"""Inference follows the applied definition within seconds, and stops answering for a model that was retired."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from refrain.applying.apply import retire_model
from refrain.lake.model_definition import DEFINITIONS, ModelDefinition
from tests.stored import define
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from tests.unit.serving.conftest import Api

FLATS = """
task = "regression"
target = "price"
[columns]
area = { type = "number" }
price = { type = "number" }
[[training.candidates]]
name = "linear"
estimator = "sklearn.linear_model.LinearRegression"
[monitoring]
capture = 0.25
"""
PATH = "/v1/models/people:predict"
ADA = {"instances": [tiny.ADA]}


def code(api: Api, path: str = PATH) -> str:
    answer = api.ask("POST", path, ADA)
    return str(answer.status) if answer.status == 200 else str(json.loads(answer.body)["code"])


def test_a_cold_start_reads_one_object_more_and_a_warm_request_none(api: Api) -> None:
    api.predict("people", tiny.ADA)
    assert [key for key in api.lake.reads if key.startswith(DEFINITIONS)] == [ModelDefinition.key("people")]

    api.lake.reads.clear()
    api.predict("people", tiny.ADA)
    assert api.lake.reads == []


def test_another_definition_counts_within_the_seconds_of_a_refresh(api: Api) -> None:
    own = api.registry.definition("flats").capture
    define(api.lake, "flats", FLATS)

    assert api.registry.definition("flats").capture == own
    api.clock.now = 5.1
    assert api.registry.definition("flats").capture == 0.25


@pytest.mark.parametrize("content", [b"", b"{}", b"task = "])
def test_a_definition_that_becomes_broken_stops_no_answer(api: Api, content: bytes) -> None:
    define(api.lake, "flats", FLATS)
    assert api.registry.definition("flats").capture == 0.25
    api.lake.write(ModelDefinition.key("flats"), content)
    api.clock.now = 5.1

    assert api.predict("flats", {"area": 50})["model_version"] == "flats-1"


def test_a_retired_model_is_unknown_until_it_is_applied_again(api: Api) -> None:
    api.get("/v1/models")
    retire_model(api.lake, "people", "a test")
    assert code(api) == "200"

    api.clock.now = 5.1
    assert code(api) == "unknown_model"
    assert [entry["model"] for entry in api.get("/v1/models")["models"]] == ["flats"]
    assert api.ask("GET", "/v2/health/ready").status == 200

    define(api.lake, "people", "")
    assert code(api) == "200"
    api.clock.now = 10.2
    assert [entry["model"] for entry in api.get("/v1/models")["models"]] == ["flats", "people"]


def test_a_model_that_is_retired_between_two_looks_does_not_fail_the_list_of_all(api: Api) -> None:
    api.get("/v1/models")
    api.clock.now = 4
    api.ask("GET", "/v2/health/ready")
    retire_model(api.lake, "people", "a test")
    api.registry._states.clear()

    assert [entry["model"] for entry in api.get("/v1/models")["models"]] == ["flats"]


def test_a_model_with_a_deployment_and_no_definition_answers_by_its_own(api: Api) -> None:
    api.lake._store.delete(ModelDefinition.key("people"))

    assert code(api) == "200"


def test_the_names_of_before_hold_while_the_lake_fails(api: Api) -> None:
    assert code(api, "/v1/models/nobody:predict") == "unknown_model"
    api.lake.fails = DEFINITIONS
    api.clock.now = 5.1

    assert api.registry.models() == ("flats", "people", "untrained")
