from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_spec_validator import validate

from refrain.serving.http import requests, routes
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, assert_same, read


@pytest.mark.parametrize(
    ("method", "path", "status", "code", "allow"),
    [
        ("GET", "/", 404, "no_such_path", None),
        ("GET", "/v1/models/people/", 404, "no_such_path", None),
        ("POST", "/v1/models/people:explain", 404, "no_such_path", None),
        ("GET", "/v1/models/people:label", 405, "method_not_allowed", "POST"),
        ("GET", "/v1/models/people:predict", 405, "method_not_allowed", "POST"),
        ("POST", "/v1/models", 405, "method_not_allowed", "GET"),
        ("HEAD", "/v1/models", 405, "method_not_allowed", "GET"),
        ("OPTIONS", "/v2/models/people/infer", 405, "method_not_allowed", "POST"),
    ],
)
def test_what_is_not_there_is_said_to_be_not_there(
    api: Api, method: str, path: str, status: int, code: str, allow: str | None
) -> None:
    answer = api.ask(method, path)
    assert (answer.status, read(answer)["code"], answer.headers.get("Allow")) == (status, code, allow)


def test_a_path_may_be_percent_encoded(api: Api) -> None:
    assert api.ask("POST", "/v1/models/people%3Apredict", {"instances": [tiny.ADA]}).status == 200


def test_an_event_with_nothing_in_it_but_method_and_path_is_answered(api: Api) -> None:
    answer = api.ask("GET", "/v2/health/live", headers=None, requestContext=None)
    assert answer.proxy() == {
        "statusCode": 200,
        "headers": {"Content-Type": "application/json"},
        "body": '{"live":true}',
        "isBase64Encoded": False,
    }


def test_a_failure_that_nobody_thought_of_is_logged_counted_for_the_release_and_not_shown(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    def fails(*_: object) -> dict[str, Any]:
        raise ZeroDivisionError("a secret of the inside")

    monkeypatch.setattr(routes, "ROUTES", (("GET", routes._pattern("/v2"), fails),))
    with caplog.at_level(logging.ERROR):
        answer = api.ask("GET", "/v2")
    problem = read(answer)
    assert (answer.status, problem["code"], problem["request_id"]) == (500, "internal", "request-1")
    assert "secret" not in answer.body
    assert "a secret of the inside" in caplog.text
    assert [record.message for record in caplog.records] == ["request failed"]
    (line,) = capsys.readouterr().out.splitlines()
    assert (json.loads(line)["RequestFailed"], json.loads(line)["function_version"]) == (1, "7")


def test_an_answer_larger_than_lambda_gives_is_refused(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(routes, "MAX_PAYLOAD_BYTES", 50)
    answer = api.ask("POST", "/v1/models/people:predict", {"instances": [tiny.ADA]})
    assert (answer.status, read(answer)["code"]) == (413, "answer_too_large")


def test_the_listing_tells_what_is_served_since_when_and_why(api: Api) -> None:
    flats, people = api.get("/v1/models")["models"]
    assert people == {
        "model": "people",
        "model_version": "people-1",
        "since": "2026-11-23T12:00:00Z",
        "task": "classification",
        "metric": "roc_auc",
        "value": 0.91,
    }
    assert flats["task"] == "regression"


def test_one_model_is_told_with_its_schema(api: Api, tiny_version: tiny.Model) -> None:
    found = api.get("/v1/models/people")
    assert (found["target"], found["classes"]) == ("income", ["<=50K", ">50K"])
    assert (found["challenger"], found["previous"]) == (None, None)
    schema = found["schema"]
    assert schema["required"] == ["age"]
    assert schema["properties"]["age"] == {"type": ["number"], "minimum": 0, "maximum": 120}
    assert schema["properties"]["city"] == {"type": ["string", "null"], "examples": ["Köln", "London", "Paris"]}
    assert schema["properties"]["joined"]["format"] == "date-time"
    assert schema["examples"][0] in tiny_version.files.golden.rows
    assert api.predict("people", schema["examples"][0])["model_version"] == "people-1"


def test_the_allowed_values_of_a_category_are_in_the_schema(make_api: Any) -> None:
    document = {**tiny.FLATS, "columns": {**tiny.FLATS["columns"], "heat": {"type": "category", "allowed": ["gas"]}}}
    rows = [{"area": area, "rooms": 2, "heat": "gas", "price": 3 * area} for area in range(50)]
    api = make_api()
    tiny.deploy(api.lake, tiny.made("flats", document, rows))
    assert api.get("/v1/models/flats")["schema"]["properties"]["heat"]["enum"] == ["gas", None]


def test_the_description_is_valid_openapi_with_a_schema_for_each_model(api: Api) -> None:
    description = api.get("/openapi.json")
    validate(description)
    schemas = description["components"]["schemas"]
    assert set(schemas["people.prediction"]["properties"]["probabilities"]["properties"]) == {"<=50K", ">50K"}
    assert set(schemas["flats.instance"]["properties"]) == {"area", "rooms"}
    assert "/v1/models/untrained:predict" not in description["paths"]


def test_every_route_is_described(api: Api) -> None:
    described = {
        (method.upper(), path.replace("people", "{model}"))
        for path, operations in api.get("/openapi.json")["paths"].items()
        for method in operations
    }
    for method, pattern, _ in routes.ROUTES:
        assert any(
            method == other and pattern.fullmatch(path.replace("{", "").replace("}", "")) for other, path in described
        )


def test_every_path_that_is_described_is_a_route(api: Api) -> None:
    for path, operations in api.get("/openapi.json")["paths"].items():
        for method in operations:
            sample = path.replace("{", "").replace("}", "")
            assert any(method.upper() == known and pattern.fullmatch(sample) for known, pattern, _ in routes.ROUTES)


def test_the_description_without_any_model_is_valid_too(make_api: Any) -> None:
    validate(make_api().get("/openapi.json"))


def test_the_page_is_one_file_that_needs_nothing_from_elsewhere(api: Api) -> None:
    answer = api.ask("GET", "/docs")
    assert (answer.status, answer.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert "http://" not in answer.body
    assert "https://" not in answer.body


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)
VALUES = JSON | st.sampled_from(["36", "1,5", "NaN", "London", "2026-02-30", 1e308, -3.4e38, 2**70])
INSTANCES = st.lists(st.dictionaries(st.sampled_from([*tiny.ADA, "other"]), VALUES) | JSON, max_size=4)
TENSORS = st.lists(
    st.fixed_dictionaries(
        {"name": st.sampled_from([*tiny.ADA, "other"]), "datatype": st.sampled_from(["FP64", "BYTES", "BOOL", "X"])},
        optional={
            "shape": st.lists(st.integers(-1, 3), max_size=2) | JSON,
            "data": st.lists(VALUES, max_size=3) | JSON,
        },
    )
    | JSON,
    max_size=4,
)
LABELS = st.lists(st.fixed_dictionaries({"prediction_id": VALUES, "label": VALUES}) | JSON, max_size=4)
DOCUMENTS = st.one_of(
    JSON,
    st.fixed_dictionaries({"instances": INSTANCES | JSON}),
    st.fixed_dictionaries({"labels": LABELS | JSON}),
    st.fixed_dictionaries({"inputs": TENSORS | JSON}, optional={"outputs": JSON, "id": JSON, "parameters": JSON}),
)
BODIES = st.binary().map(lambda data: data.decode("latin-1")) | st.text() | DOCUMENTS.map(json.dumps)
PATHS = ["/v1/models/people:predict", "/v1/models/people:label", "/v2/models/people/infer"]
PROPERTY = settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@PROPERTY
@given(body=BODIES, path=st.sampled_from(PATHS))
def test_whatever_arrives_is_answered_or_refused_and_never_breaks(api: Api, body: str, path: str) -> None:
    answer = api.ask("POST", path, body)
    assert 200 <= answer.status < 500
    document = read(answer)
    assert answer.status in (200, 202) or document["code"]


@PROPERTY
@given(data=st.binary(), path=st.text() | st.text().map(lambda text: f"/v1/models/{text}"))
def test_whatever_bytes_and_paths_arrive_are_refused(api: Api, data: bytes, path: str) -> None:
    for event in ({"isBase64Encoded": True}, {}):
        answer = api.ask("POST", path, data.decode("latin-1"), **event)
        assert 400 <= answer.status < 500
        read(answer)


@PROPERTY
@given(instances=st.lists(st.dictionaries(st.sampled_from(list(tiny.ADA)), VALUES, min_size=1), min_size=1, max_size=8))
def test_alone_and_together_the_same_is_answered_and_the_same_refused(
    api: Api, instances: list[dict[str, Any]]
) -> None:
    def asked(*some: dict[str, Any]) -> dict[str, Any]:
        return read(api.ask("POST", "/v1/models/people:predict", {"instances": list(some)}))

    alone = [asked(instance) for instance in instances]
    together = asked(*instances)
    if "predictions" in together:
        assert_same(together["predictions"], [one["predictions"][0] for one in alone])
    else:
        assert any("code" in one for one in alone)


def test_the_most_bytes_are_those_of_lambda() -> None:
    assert requests.MAX_PAYLOAD_BYTES == 6 * 2**20
