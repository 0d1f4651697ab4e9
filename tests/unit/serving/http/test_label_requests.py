"""`POST /v1/models/{model}:label`: what is accepted is kept, what is refused leaves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from refrain.errors import StorageUnavailable
from refrain.lake.label import read_labels
from refrain.serving.http.label_requests import MAX_LABELS
from tests.stored import define
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

LABEL = "/v1/models/people:label"


def label(api: Api, *labels: Any, path: str = LABEL) -> dict[str, Any]:
    """Send labels, which must be accepted."""
    answer = api.ask("POST", path, {"labels": list(labels)})
    assert answer.status == 202, answer.body
    return read(answer)


def entry(identity: Any, value: Any) -> dict[str, Any]:
    return {"prediction_id": identity, "label": value}


def kept(api: Api, model: str = "people") -> dict[str, object]:
    return {name: label.value for name, label in read_labels(api.lake, model).items()}


def test_a_label_of_a_prediction_is_kept_before_it_is_acknowledged(api: Api) -> None:
    (identity,) = api.predict("people", tiny.ADA)["prediction_ids"]

    answer = label(api, entry(identity, ">50K"))

    assert answer["accepted"] == 1
    assert len(answer["id"]) == 32
    assert kept(api) == {identity: ">50K"}


def test_the_same_call_again_changes_nothing(api: Api) -> None:
    first = label(api, entry("a", ">50K"))
    before = read_labels(api.lake, "people")

    assert label(api, entry("a", ">50K")) == first
    assert read_labels(api.lake, "people") == before


def test_of_contradicting_labels_the_last_one_counts(api: Api) -> None:
    for value in (">50K", "<=50K", ">50K"):
        label(api, entry("a", value))

    assert kept(api) == {"a": ">50K"}
    assert len(api.lake.keys("labels/people/")) == 3


def test_a_label_of_a_prediction_that_nobody_knows_is_kept(api: Api) -> None:
    label(api, entry("of no prediction", "<=50K"))

    assert kept(api) == {"of no prediction": "<=50K"}


def test_a_class_never_seen_in_training_is_kept(api: Api) -> None:
    label(api, entry("a", "a new class"))

    assert kept(api) == {"a": "a new class"}


def test_a_class_that_the_present_definition_forbids_is_refused(api: Api) -> None:
    # Given a definition that was changed since the version in service was trained
    define(
        api.lake,
        "people",
        "task = 'classification'\ntarget = 'income'\n"
        "[columns]\nage = { type = 'number' }\nincome = { type = 'category', allowed = ['high', 'low'] }\n"
        "[training]\ncandidates = [{ name = 'linear', estimator = 'sklearn.linear_model.LogisticRegression' }]",
    )

    # Then it is the one that decides
    label(api, entry("a", "high"))
    answer = api.ask("POST", LABEL, {"labels": [entry("a", ">50K")]})
    assert read(answer)["problems"][0]["reason"] == "expected one of high, low"


def test_a_number_is_a_label_of_a_regression(api: Api) -> None:
    label(api, entry("a", 1.5), entry("b", "2"), path="/v1/models/flats:label")

    assert kept(api, "flats") == {"a": 1.5, "b": "2"}


def test_as_many_as_a_thousand_are_taken_at_once(api: Api) -> None:
    many = [entry(f"p{number}", ">50K") for number in range(MAX_LABELS)]

    assert label(api, *many)["accepted"] == 1000
    answer = api.ask("POST", LABEL, {"labels": [*many, entry("one more", ">50K")]})
    assert (answer.status, read(answer)["code"]) == (413, "too_many_labels")
    assert len(kept(api)) == 1000


@pytest.mark.parametrize(
    ("malformed", "index", "field", "value", "reason"),
    [
        (entry(7, "x"), 1, "prediction_id", 7, "expected one of the prediction_ids"),
        (entry("", "x"), 1, "prediction_id", "", "expected one of the prediction_ids"),
        (entry("x" * 101, "x"), 1, "prediction_id", "x" * 101, "text of 1 to 100 characters"),
        (entry("a\nb", "x"), 1, "prediction_id", "a\nb", "expected one of the prediction_ids"),
        ({"label": "x"}, 1, "prediction_id", None, "expected one of the prediction_ids"),
        ({"prediction_id": "a"}, 1, "label", None, "is required"),
        (entry("a", None), 1, "label", None, "is required"),
        (entry("a", ["x"]), 1, "label", "an array of 1", "expected text"),
        (entry("a", "x") | {"lable": 1}, 1, "lable", 1, "unknown; known are prediction_id and label"),
        ("a", 1, None, "a", "expected an object of prediction_id and label"),
    ],
)
def test_one_malformed_label_refuses_the_whole_call_and_nothing_is_kept(
    api: Api, malformed: Any, index: int, field: str | None, value: Any, reason: str
) -> None:
    answer = api.ask("POST", LABEL, {"labels": [entry("fine", ">50K"), malformed]})

    document = read(answer)
    assert (answer.status, document["code"]) == (422, "invalid_labels")
    assert document["detail"] == "one label cannot be used, and none was kept"
    (problem,) = document["problems"]
    assert (problem["index"], problem["field"], problem["value"]) == (index, field, value)
    assert reason in problem["reason"]
    assert api.lake.keys("labels/") == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 400, "invalid_request"),
        ("{", 400, "not_json"),
        ({}, 400, "invalid_request"),
        ({"labels": []}, 400, "invalid_request"),
        ({"labels": {"a": "x"}}, 400, "invalid_request"),
    ],
)
def test_a_body_of_another_shape_is_refused(api: Api, body: Any, status: int, code: str) -> None:
    answer = api.ask("POST", LABEL, body)

    assert (answer.status, read(answer)["code"]) == (status, code)
    assert api.lake.keys("labels/") == []


def test_of_very_many_problems_the_first_hundred_are_listed(api: Api) -> None:
    problem = read(api.ask("POST", LABEL, {"labels": [entry(7, None)] * 200}))

    assert len(problem["problems"]) == 100
    assert problem["detail"] == "several labels cannot be used, and none was kept; the first 100 problems are listed"


@pytest.mark.parametrize(("model", "code"), [("nobody", "unknown_model"), ("untrained", "not_trained")])
def test_a_model_that_was_never_in_service_has_nothing_to_be_labelled(api: Api, model: str, code: str) -> None:
    answer = api.ask("POST", f"/v1/models/{model}:label", {"labels": [entry("a", "x")]})

    assert (answer.status, read(answer)["code"]) == (404, code)
    assert api.lake.keys("labels/") == []


def test_while_the_lake_is_down_no_label_is_acknowledged(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(key: str, data: bytes) -> None:
        raise StorageUnavailable(key, "it is down")

    api.predict("people", tiny.ADA)
    monkeypatch.setattr(api.lake, "write", down)

    answer = api.ask("POST", LABEL, {"labels": [entry("a", ">50K")]})

    assert (answer.status, read(answer)["code"], answer.headers["Retry-After"]) == (503, "lake_unavailable", "5")


def test_the_description_tells_how_to_label(api: Api) -> None:
    operation = api.get("/openapi.json")["paths"]["/v1/models/people:label"]["post"]

    assert set(operation["responses"]) == {"202", "4XX", "5XX"}
    schema = operation["requestBody"]["content"]["application/json"]["schema"]
    assert schema["properties"]["labels"]["maxItems"] == 1000
    assert "income" in json.dumps(schema)
