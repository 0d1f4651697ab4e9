from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from refrain.serving.http.requests import MAX_PAYLOAD_BYTES
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, assert_same, read

if TYPE_CHECKING:
    from collections.abc import Callable

PREDICT = "/v1/models/people:predict"


def test_a_classification_answers_label_and_probabilities(api: Api, tiny_version: tiny.Model) -> None:
    answer = api.predict("people", tiny.ADA)
    assert (answer["model"], answer["model_version"]) == ("people", "people-1")
    (prediction,) = answer["predictions"]
    assert set(prediction) == {"label", "probabilities"}
    assert set(prediction["probabilities"]) == {"<=50K", ">50K"}
    assert sum(prediction["probabilities"].values()) == pytest.approx(1, abs=1e-6)
    assert prediction["label"] == max(prediction["probabilities"], key=prediction["probabilities"].get)


def test_a_regression_answers_a_value(api: Api) -> None:
    answer = api.predict("flats", {"area": 100, "rooms": 4})
    assert answer["predictions"] == [{"value": pytest.approx(300_000, rel=0.02)}]


def test_the_golden_rows_asked_over_http_are_answered_as_in_training(api: Api, tiny_version: tiny.Model) -> None:
    golden = tiny_version.files.golden
    expected = [answer for row, answer in zip(golden.rows, golden.answers, strict=True) if row]
    predictions = api.predict("people", *filter(None, golden.rows))["predictions"]
    for prediction, answer in zip(predictions, expected, strict=True):
        assert list(prediction["probabilities"].values()) == pytest.approx(answer, abs=1e-5)


def test_an_instance_is_answered_alone_as_among_a_thousand(api: Api, tiny_version: tiny.Model) -> None:
    rows = [row for row in tiny_version.files.golden.rows if row]
    many = api.predict("people", *(rows[place % len(rows)] for place in range(1000)))["predictions"]
    alone = [api.predict("people", row)["predictions"][0] for row in rows]
    assert_same(many, [alone[place % len(rows)] for place in range(1000)])


def test_prediction_ids_are_distinct_and_sort_by_time(api: Api) -> None:
    first = api.predict("people", tiny.ADA, tiny.ADA)["prediction_ids"]
    assert len(set(first)) == 2
    assert first == sorted(first)


def test_what_is_unlike_the_training_data_is_named(api: Api) -> None:
    odd = tiny.ADA | {"age": 119, "city": "Atlantis", "member": None}
    plain, strange = api.predict("people", tiny.ADA, odd)["predictions"]
    assert "unfamiliar" not in plain
    assert strange["unfamiliar"] == ["age", "city", "member"]


def test_a_column_that_was_missing_in_training_may_be_missing(api: Api) -> None:
    (prediction,) = api.predict("people", tiny.ADA | {"hours": None})["predictions"]
    assert "unfamiliar" not in prediction


def test_columns_that_nobody_knows_are_ignored_and_named(api: Api) -> None:
    answer = api.predict("people", tiny.ADA | {"agee": 36, "note": "known, and no feature", "income": ">50K"})
    assert answer["ignored"] == ["agee"]


@pytest.mark.parametrize("name", [" age", "age\u200b", "\ufeffage", "a\u200bge "])
def test_an_untidy_name_means_the_column_that_it_looks_like(api: Api, name: str) -> None:
    row = {(name if column == "age" else column): value for column, value in tiny.ADA.items()}
    answer = api.predict("people", row)
    assert "ignored" not in answer
    assert answer["predictions"] == api.predict("people", tiny.ADA)["predictions"]


def test_a_name_that_looks_like_an_absent_column_says_so(api: Api) -> None:
    row = {column: value for column, value in tiny.ADA.items() if column != "city"}
    answer = api.predict("people", row | {"City ": "London", "agee": 1})
    assert answer["ignored"] == ["City  (did you mean city?)", "agee"]


def test_one_column_under_two_names_is_refused(api: Api) -> None:
    answer = api.ask("POST", PREDICT, {"instances": [tiny.ADA | {"age ": 3}]})
    assert answer.status == 422
    assert "under two names" in read(answer)["problems"][0]["reason"]


def test_a_strict_model_refuses_names_that_it_does_not_know(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    definition = api.registry.definition("people")
    strict = replace(definition, source=replace(definition.source, strict=True))
    monkeypatch.setattr(api.registry, "definition", lambda _: strict)
    assert "predictions" in api.predict("people", tiny.ADA | {"note": "a column"})
    answer = api.ask("POST", PREDICT, {"instances": [tiny.ADA | {"agee": 3}]})
    assert (answer.status, read(answer)["code"]) == (400, "unknown_columns")
    assert "agee" in read(answer)["detail"]


def test_bad_values_are_refused_with_column_value_and_reason(api: Api) -> None:
    bad = tiny.ADA | {"age": 390, "sex": "x" * 500, "member": [1, 2]}
    answer = api.ask("POST", PREDICT, {"instances": [tiny.ADA, bad]})
    problem = read(answer)
    assert (answer.status, problem["code"], problem["status"]) == (422, "invalid_instances", 422)
    assert answer.headers["Content-Type"] == "application/problem+json"
    found = {each["column"]: each for each in problem["problems"]}
    assert found["age"] == {"instance": 1, "column": "age", "value": 390, "reason": "expected at most 120"}
    assert len(found["sex"]["value"]) == 200
    assert found["member"] == {
        "instance": 1,
        "column": "member",
        "value": "an array of 2",
        "reason": "expected true or false",
    }


def test_a_required_column_that_is_absent_is_named(api: Api) -> None:
    problem = read(api.ask("POST", PREDICT, {"instances": [{"hours": 3}]}))
    assert problem["problems"] == [{"instance": 0, "column": "age", "value": None, "reason": "is required"}]


def test_of_very_many_problems_the_first_hundred_are_listed(api: Api) -> None:
    problem = read(api.ask("POST", PREDICT, {"instances": [{"age": -1}] * 1000}))
    assert len(problem["problems"]) == 100
    assert problem["detail"] == "1000 values cannot be used; the first 100 are listed"


def test_numbers_that_have_no_finite_answer_are_the_callers_problem(make_api: Callable[[], Api]) -> None:
    # Given a model of logarithms, whose answers are exponentials
    rows = [{"area": area, "rooms": area % 4, "price": 3.0**area} for area in range(50)]
    training = tiny.FLATS["training"] | {"transform": "log1p"}
    api = make_api()
    tiny.deploy(api.lake, tiny.made("flats", tiny.FLATS | {"training": training}, rows))

    answer = api.ask("POST", "/v1/models/flats:predict", {"instances": [{"area": 1}, {"area": 3e38}]})

    problem = read(answer)
    assert (answer.status, problem["code"]) == (422, "no_finite_answer")
    assert [each["instance"] for each in problem["problems"]] == [1]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (None, 400, "invalid_request"),
        ("", 400, "invalid_request"),
        (" ", 400, "invalid_request"),
        ("{", 400, "not_json"),
        ("[" * 200_000, 400, "not_json"),
        ('{"instances": ' + '{"a":' * 200_000, 400, "not_json"),
        ('{"instances": [{"age": NaN}]}', 400, "not_json"),
        ('{"instances": [{"age": -Infinity}]}', 400, "not_json"),
        ('{"instances": [{"age": ' + "9" * 5000 + "}]}", 400, "not_json"),
        ('{"instances": [{"age": ' + "9" * 4000 + "}]}", 422, "invalid_instances"),
        ('{"instances": [{"age": 1e999}]}', 422, "invalid_instances"),
        ('{"instances": [{"age": 30, "city": "\\ud800"}]}', 422, "invalid_instances"),
        ("[]", 400, "invalid_request"),
        ("{}", 400, "invalid_request"),
        ({"instances": {}}, 400, "invalid_request"),
        ({"instances": []}, 400, "invalid_request"),
        ({"instances": [1, None, "x", []]}, 422, "invalid_instances"),
        ({"instances": [{"of": "another model"}]}, 422, "invalid_instances"),
        ({"instances": [{"age": 1}] * 1001}, 413, "too_many_instances"),
        ("x" * (MAX_PAYLOAD_BYTES + 1), 413, "body_too_large"),
        ("é" * (MAX_PAYLOAD_BYTES // 2 + 1), 413, "body_too_large"),
    ],
    ids=lambda value: str(value)[:30],
)
def test_a_body_that_cannot_be_used_is_a_4xx_with_a_code(api: Api, body: Any, status: int, code: str) -> None:
    answer = api.ask("POST", PREDICT, body)
    assert (answer.status, read(answer)["code"]) == (status, code)


def test_a_deeply_nested_value_is_refused(api: Api) -> None:
    deep = '{"instances": [{"age": ' + "[" * 500 + "]" * 500 + "}]}"
    answer = api.ask("POST", PREDICT, deep)
    assert (answer.status, read(answer)["problems"][0]["value"]) == (422, "an array of 1")


@pytest.mark.parametrize(
    ("path", "body", "detail"),
    [
        (PREDICT, '{"instances": [{"age": 1}, {"age": -1, "age": 36}]}', "instances[1]: the name 'age' appears twice"),
        (PREDICT, '{"instances": [{"a": 1}], "instances": []}', "the body: the name 'instances' appears twice"),
        (PREDICT, '{"instances": [{"x": {"b": 1, "\\u0062": 2}}]}', "an object inside: the name 'b' appears twice"),
        (
            "/v2/models/people/infer",
            '{"inputs": [{"name": "age", "shape": [1], "shape": [1]}]}',
            "inputs[0]: the name 'shape' appears twice",
        ),
        (
            "/v1/models/people:label",
            '{"labels": [{"prediction_id": "p", "label": 1, "label": 0}]}',
            "labels[0]: the name 'label' appears twice",
        ),
    ],
)
def test_a_name_twice_in_an_object_is_refused_with_its_place(api: Api, path: str, body: str, detail: str) -> None:
    answer = api.ask("POST", path, body)
    assert (answer.status, read(answer)["code"], read(answer)["detail"]) == (400, "invalid_request", detail)


@pytest.mark.parametrize(
    ("content_type", "status"),
    [
        ("application/json", 200),
        ("application/json; charset=UTF-8", 200),
        ('Application/JSON;charset="utf-8"', 200),
        ("", 200),
        ("text/plain", 415),
        ("application/json; charset=latin-1", 415),
        ("application/x-www-form-urlencoded", 415),
    ],
)
def test_the_content_type_is_json_or_not_said(api: Api, content_type: str, status: int) -> None:
    headers = {"content-TYPE": content_type} if content_type else None
    assert api.ask("POST", PREDICT, {"instances": [tiny.ADA]}, headers=headers).status == status


def test_a_base64_body_is_read(api: Api) -> None:
    text = json.dumps({"instances": [tiny.ADA | {"city": "Köln"}]}, ensure_ascii=False)
    body = base64.b64encode(text.encode()).decode()
    assert api.ask("POST", PREDICT, body, isBase64Encoded=True).status == 200


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("%%%", 400, "not_json"),
        (base64.b64encode(b"\xff\xfe").decode(), 400, "not_json"),
        (base64.b64encode(b" " * (MAX_PAYLOAD_BYTES + 1)).decode(), 413, "body_too_large"),
    ],
    ids=["no base64", "no UTF-8", "large"],
)
def test_a_base64_body_that_is_none_is_refused(api: Api, body: str, status: int, code: str) -> None:
    answer = api.ask("POST", PREDICT, body, isBase64Encoded=True)
    assert (answer.status, read(answer)["code"]) == (status, code)


def test_a_model_that_nobody_knows_is_told_from_one_that_is_not_trained(api: Api) -> None:
    instances = {"instances": [tiny.ADA]}
    for model, code in (("nobody", "unknown_model"), ("untrained", "not_trained"), ("No Name", "unknown_model")):
        answer = api.ask("POST", f"/v1/models/{model}:predict", instances)
        assert (answer.status, read(answer)["code"]) == (404, code)
    assert not [key for key in api.lake.reads if "No Name" in key]
