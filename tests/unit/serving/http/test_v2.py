from __future__ import annotations

from typing import Any

import pytest

from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

INFER = "/v2/models/people/infer"


def tensor(name: str, datatype: str, data: list[Any], shape: Any = None) -> dict[str, Any]:
    return {"name": name, "datatype": datatype, "shape": shape or [len(data)], "data": data}


def inputs(*instances: dict[str, Any]) -> list[dict[str, Any]]:
    datatypes = {"age": "INT64", "hours": "FP32", "member": "BOOL"}
    return [
        tensor(name, datatypes.get(name, "BYTES"), [instance.get(name) for instance in instances]) for name in tiny.ADA
    ]


def infer(api: Api, **document: Any) -> dict[str, Any]:
    answer = api.ask("POST", INFER, document)
    assert answer.status == 200, answer.body
    return read(answer)


def test_both_protocols_give_the_same_answers(api: Api) -> None:
    instances = [tiny.ADA, tiny.ADA | {"age": 70, "city": "Atlantis"}]
    ones = api.predict("people", *instances)["predictions"]
    answer = infer(api, id="my question", inputs=inputs(*instances))
    outputs = {output["name"]: output for output in answer["outputs"]}
    assert (answer["model_name"], answer["model_version"], answer["id"]) == ("people", "people-1", "my question")
    assert len(answer["parameters"]["prediction_ids"].split(",")) == 2
    assert outputs["label"] == tensor("label", "BYTES", [one["label"] for one in ones])
    shares = [share for one in ones for share in one["probabilities"].values()]
    assert outputs["probabilities"] == tensor("probabilities", "FP64", shares, [2, 2])
    assert outputs["unfamiliar"]["data"] == ["", "city"]


def test_a_regression_answers_one_value_a_row(api: Api) -> None:
    answer = api.ask("POST", "/v2/models/flats/infer", {"inputs": [tensor("area", "FP64", [[50.0], [100]], [2, 1])]})
    outputs = {output["name"]: output for output in read(answer)["outputs"]}
    assert (outputs["value"]["datatype"], outputs["value"]["shape"]) == ("FP64", [2])


def test_missing_values_are_null_or_an_absent_input(api: Api) -> None:
    answer = infer(api, inputs=[tensor("age", "INT64", [30, 30]), tensor("hours", "FP64", [None, 40.0])])
    assert "id" not in answer


def test_only_the_outputs_asked_for_come_back(api: Api) -> None:
    answer = infer(api, inputs=inputs(tiny.ADA), outputs=[{"name": "probabilities"}])
    assert [output["name"] for output in answer["outputs"]] == ["probabilities"]


def test_inputs_that_nobody_knows_are_ignored_and_named(api: Api) -> None:
    answer = infer(api, inputs=[*inputs(tiny.ADA), tensor("agee", "INT64", [1])])
    assert answer["parameters"]["ignored"] == "agee"


def test_bad_values_are_refused_with_the_error_of_the_protocol(api: Api) -> None:
    answer = api.ask("POST", INFER, {"inputs": [tensor("age", "INT64", [30, -1])]})
    problem = read(answer)
    assert (answer.status, problem["code"]) == (422, "invalid_instances")
    assert problem["problems"][0] == {"instance": 1, "column": "age", "value": -1, "reason": "expected at least 0"}
    assert problem["error"] == problem["detail"]


AGE = tensor("age", "INT64", [30])


@pytest.mark.parametrize(
    ("document", "status", "code"),
    [
        ({}, 400, "invalid_request"),
        ({"inputs": []}, 400, "invalid_request"),
        ({"inputs": [3]}, 400, "invalid_request"),
        ({"inputs": [AGE, AGE]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"name": None}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"datatype": "COMPLEX"}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"datatype": ["INT64"]}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"shape": [2]}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"shape": [1, 2]}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"shape": [True]}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"shape": []}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"shape": [0], "data": []}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"shape": [-1]}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"data": "30"}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"data": [[30, 31]]}]}, 400, "invalid_request"),
        ({"inputs": [AGE | {"data": [{}]}]}, 400, "invalid_request"),
        ({"inputs": [AGE, tensor("hours", "FP32", [1, 2])]}, 400, "invalid_request"),
        ({"inputs": [AGE], "outputs": [{"name": "odds"}]}, 400, "invalid_request"),
        ({"inputs": [AGE], "outputs": [{"name": "label"}] * 2}, 400, "invalid_request"),
        ({"inputs": [AGE], "outputs": [{"name": ["label"]}]}, 400, "invalid_request"),
        ({"inputs": [AGE], "outputs": "label"}, 400, "invalid_request"),
        ({"inputs": [AGE], "id": 7}, 400, "invalid_request"),
        ({"inputs": [tensor("age", "INT64", [30] * 1001)]}, 413, "too_many_instances"),
        ({"inputs": [AGE | {"shape": [10**30]}]}, 413, "too_many_instances"),
        ({"inputs": [tensor("agee", "INT64", [30])]}, 422, "invalid_instances"),
        ({"inputs": [AGE | {"parameters": {"binary_data_size": 8}}]}, 415, "binary_tensors"),
    ],
    ids=lambda value: str(value)[:60],
)
def test_a_request_of_another_shape_is_a_4xx_with_a_code(api: Api, document: Any, status: int, code: str) -> None:
    answer = api.ask("POST", INFER, document)
    assert (answer.status, read(answer)["code"]) == (status, code)


def test_binary_tensors_are_refused_by_name(api: Api) -> None:
    headers = {"Content-Type": "application/octet-stream", "Inference-Header-Content-Length": "100"}
    answer = api.ask("POST", INFER, "\x00", headers=headers)
    assert (answer.status, read(answer)["code"]) == (415, "binary_tensors")
    assert "binary_data=False" in read(answer)["error"]


def test_metadata_names_inputs_outputs_and_classes(api: Api) -> None:
    assert api.get("/v2") == {"name": "refrain", "version": "1", "extensions": []}
    metadata = api.get("/v2/models/people")
    assert (metadata["name"], metadata["versions"], metadata["platform"]) == ("people", ["people-1"], "onnx")
    assert metadata["inputs"][0] == {"name": "age", "datatype": "FP64", "shape": [-1]}
    assert [each["datatype"] for each in metadata["inputs"]] == ["FP64", "FP64", "BYTES", "BYTES", "BOOL", "BYTES"]
    assert {"name": "probabilities", "datatype": "FP64", "shape": [-1, 2]} in metadata["outputs"]
    assert metadata["parameters"] == {"classes": ["<=50K", ">50K"]}
    assert [each["name"] for each in api.get("/v2/models/flats")["outputs"]] == [
        "value",
        "unfamiliar",
        "unfamiliar_combination",
    ]


def test_the_version_that_is_served_can_be_named_and_no_other(api: Api) -> None:
    assert api.get("/v2/models/people/versions/people-1")["versions"] == ["people-1"]
    assert api.get("/v2/models/people/versions/people-1/ready") == {"name": "people", "ready": True}
    answer = api.ask("POST", "/v2/models/people/versions/people-1/infer", {"inputs": inputs(tiny.ADA)})
    assert answer.status == 200
    other = api.ask("GET", "/v2/models/people/versions/people-0")
    assert (other.status, read(other)["code"]) == (404, "unknown_version")


def test_health_tells_alive_and_ready(api: Api) -> None:
    assert api.get("/v2/health/live") == {"live": True}
    assert api.get("/v2/health/ready") == {"ready": True}
    assert api.get("/v2/models/people/ready") == {"name": "people", "ready": True}
