"""Answers say how sure they are where that is wanted, by the bound of the version that answers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.conformal import ERROR_DIGITS
from refrain.fast_path.answer_json import AnswerWriter
from refrain.lake.adapted_bound import AdaptedBound
from refrain.lake.calibration_errors import CalibrationErrors
from refrain.serving.registry.error_bounds import BOUND_SECONDS
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

if TYPE_CHECKING:
    from preprocessing.model_rules import Serving

FLAT = {"area": 100, "rooms": 4}


@pytest.fixture
def calibrated(api: Api) -> Api:
    """Both models with the errors of a hundred judged rows: prices off by up to 100, classes by up to 1."""
    CalibrationErrors(100, tuple(map(float, range(1, 101)))).write(api.lake, "flats", "flats-1")
    CalibrationErrors(100, tuple(row / 100 for row in range(1, 101))).write(api.lake, "people", "people-1")
    return api


def ask(api: Api, model: str, *instances: dict[str, Any], **options: Any) -> list[dict[str, Any]]:
    answer = api.ask("POST", f"/v1/models/{model}:predict", {"instances": list(instances), **options})
    assert answer.status == 200, answer.body
    predictions: list[dict[str, Any]] = read(answer)["predictions"]
    return predictions


def infer(api: Api, model: str, column: str, **document: Any) -> dict[str, Any]:
    tensor = {"name": column, "datatype": "FP64", "shape": [2], "data": [30, 100]}
    answer = api.ask("POST", f"/v2/models/{model}/infer", {"inputs": [tensor], **document})
    assert answer.status == 200, answer.body
    document = read(answer)
    return {output["name"]: output for output in document["outputs"]} | {"parameters": document["parameters"]}


def define(api: Api, monkeypatch: pytest.MonkeyPatch, **rules: Any) -> None:
    """Change `[serving]` of the deployed definitions."""
    definitions = {name: api.registry.definition(name) for name in ("people", "flats")}
    serving: Serving = replace(definitions["flats"].serving, **rules)
    monkeypatch.setattr(api.registry, "definition", lambda name: replace(definitions[name], serving=serving))


def test_a_value_has_an_interval_as_wide_as_the_coverage_takes(calibrated: Api) -> None:
    (prediction,) = ask(calibrated, "flats", FLAT, uncertainty=True)

    assert list(prediction) == ["value", "interval"]
    low, high = prediction["interval"]
    assert (low, high) == pytest.approx((prediction["value"] - 91, prediction["value"] + 91))


def test_a_class_has_the_set_of_labels_whose_errors_keep_to_the_bound(calibrated: Api) -> None:
    predictions = ask(calibrated, "people", *(tiny.ADA | {"age": age} for age in range(20, 80, 4)), uncertainty=True)

    for prediction in predictions:
        likely = [label for label, share in prediction["probabilities"].items() if 1 - share <= 0.91 + 1e-6]
        assert prediction["set"] == likely
    assert {len(prediction["set"]) for prediction in predictions} == {1, 2}


def test_the_answered_label_is_in_every_set(calibrated: Api) -> None:
    AdaptedBound(0.9, 0.001, None, 50).write(calibrated.lake, "people", "people-1")

    for prediction in ask(calibrated, "people", tiny.ADA, tiny.ADA | {"age": 70}, uncertainty=True):
        assert prediction["set"] == [prediction["label"]]


def test_who_does_not_ask_gets_none_and_reads_nothing_more(calibrated: Api) -> None:
    assert ask(calibrated, "flats", FLAT) == ask(calibrated, "flats", FLAT, uncertainty=False)
    assert not [key for key in calibrated.lake.reads if "errors" in key or "coverage" in key]


def test_a_definition_may_ask_for_all_requests(calibrated: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    define(calibrated, monkeypatch, uncertainty="always", coverage=0.5)

    (prediction,) = ask(calibrated, "flats", FLAT)
    assert prediction["interval"][1] - prediction["value"] == pytest.approx(51, abs=0.1)
    assert "interval" not in ask(calibrated, "flats", FLAT, uncertainty=False)[0]
    assert "interval" in infer(calibrated, "flats", "area")
    assert "interval" in {output["name"] for output in calibrated.get("/v2/models/flats")["outputs"]}


def test_labels_adapt_the_bound_of_their_coverage_within_a_minute(calibrated: Api) -> None:
    ask(calibrated, "flats", FLAT, uncertainty=True)
    AdaptedBound(0.9, 7.5, None, 50).write(calibrated.lake, "flats", "flats-1")

    calibrated.clock.now = BOUND_SECONDS
    (prediction,) = ask(calibrated, "flats", FLAT, uncertainty=True)
    assert prediction["interval"][1] - prediction["value"] == pytest.approx(7.5, abs=0.1)

    AdaptedBound(0.8, 1.5, None, 50).write(calibrated.lake, "flats", "flats-1")
    calibrated.clock.now = 2 * BOUND_SECONDS
    (prediction,) = ask(calibrated, "flats", FLAT, uncertainty=True)
    assert prediction["interval"][1] - prediction["value"] == pytest.approx(91, abs=0.1)


def test_a_version_that_was_fitted_on_all_rows_has_the_errors_of_its_twin(
    api: Api, tiny_regression: tiny.Model
) -> None:
    manifest = replace(tiny_regression.files.manifest, version="flats-1.refit", judged="flats-1")
    CalibrationErrors(9, tuple(map(float, range(1, 10)))).write(api.lake, "flats", "flats-1")

    assert api.registry.error_bounds.find(manifest, 0.9).bound == 9.0


@pytest.mark.parametrize(
    ("errors", "adapted", "reason"),
    [
        (None, None, "not_calibrated"),
        (CalibrationErrors(8, (1.0,) * 8), None, "too_few_rows"),
        (CalibrationErrors(100, (1.0,) * 100), AdaptedBound(0.9, None, "coverage_lost", 500), "coverage_lost"),
    ],
)
def test_an_uncertainty_that_is_withheld_says_why(
    api: Api, errors: CalibrationErrors | None, adapted: AdaptedBound | None, reason: str
) -> None:
    for model in ("people", "flats"):
        if errors:
            errors.write(api.lake, model, f"{model}-1")
        if adapted:
            adapted.write(api.lake, model, f"{model}-1")

    assert ask(api, "flats", FLAT, uncertainty=True)[0].items() >= {"interval": None, "withheld": reason}.items()
    assert ask(api, "people", tiny.ADA, uncertainty=True)[0].items() >= {"set": None, "withheld": reason}.items()
    answer = infer(api, "flats", "area", parameters={"uncertainty": True})
    assert answer["interval"]["data"] == [None] * 4
    assert answer["parameters"]["withheld"] == f"{reason},{reason}"


def test_while_the_lake_fails_the_earlier_bound_holds(calibrated: Api) -> None:
    before = ask(calibrated, "flats", FLAT, uncertainty=True)
    calibrated.lake.down = True
    calibrated.clock.now = BOUND_SECONDS

    assert ask(calibrated, "flats", FLAT, uncertainty=True) == before


def test_a_bound_that_was_never_read_is_unavailable_while_the_lake_fails(calibrated: Api) -> None:
    ask(calibrated, "flats", FLAT)
    calibrated.lake.down = True

    assert ask(calibrated, "flats", FLAT, uncertainty=True)[0]["withheld"] == "unavailable"


@pytest.mark.parametrize("value", ["yes", 1, [], {}])
def test_an_option_that_is_no_boolean_is_refused_by_name(api: Api, value: Any) -> None:
    for path, body in [
        ("/v1/models/flats:predict", {"instances": [FLAT], "uncertainty": value}),
        ("/v2/models/flats/infer", {"inputs": [], "parameters": {"uncertainty": value}}),
    ]:
        answer = api.ask("POST", path, body)
        assert answer.status == 400
        assert "uncertainty: expected true or false" in read(answer)["detail"]


def test_both_protocols_say_the_same(calibrated: Api) -> None:
    people = ask(calibrated, "people", {"age": 30}, {"age": 100}, uncertainty=True)
    flats = ask(calibrated, "flats", {"area": 30}, {"area": 100}, uncertainty=True)

    intervals = infer(calibrated, "flats", "area", outputs=[{"name": "interval"}])
    assert intervals["interval"]["shape"] == [2, 2]
    assert intervals["interval"]["data"] == [end for prediction in flats for end in prediction["interval"]]
    sets = infer(calibrated, "people", "age", parameters={"uncertainty": True})
    assert (sets["set"]["datatype"], sets["set"]["shape"]) == ("BOOL", [2, 2])
    assert sets["set"]["data"] == [
        label in prediction["set"] for prediction in people for label in prediction["probabilities"]
    ]


def test_what_callers_were_told_is_captured(calibrated: Api, capsys: pytest.CaptureFixture[str]) -> None:
    ask(calibrated, "flats", FLAT, FLAT, uncertainty=True)
    ask(calibrated, "flats", FLAT)
    AdaptedBound(0.9, None, "coverage_lost", 500).write(calibrated.lake, "flats", "flats-1")
    calibrated.clock.now = BOUND_SECONDS
    ask(calibrated, "flats", FLAT, uncertainty=True)

    lines = [json.loads(line)["rows"] for line in capsys.readouterr().out.splitlines()]
    told = [[{name: row[name] for name in ("bound", "withheld") if name in row} for row in rows] for rows in lines]
    assert told == [[{"bound": 91.0}] * 2, [{}], [{"withheld": "coverage_lost"}]]


def test_the_description_of_the_api_has_the_option_and_the_answer(calibrated: Api) -> None:
    description = calibrated.get("/openapi.json")

    body = description["paths"]["/v1/models/flats:predict"]["post"]["requestBody"]["content"]["application/json"]
    assert body["schema"]["properties"]["uncertainty"]["type"] == "boolean"
    schemas = description["components"]["schemas"]
    assert {"interval", "withheld"} <= schemas["flats.prediction"]["properties"].keys()
    assert {"set", "withheld"} <= schemas["people.prediction"]["properties"].keys()


SHARES = st.lists(st.floats(0, 1) | st.floats(0, 1e-3) | st.sampled_from([0.0, 0.5, 1.0, 1e-4, 1e-5]), min_size=2)


@given(SHARES, st.floats(0, 1) | st.sampled_from([0.5, 0.9999, 0.9995]), st.data())
def test_a_set_has_the_labels_whose_errors_keep_to_the_bound_and_the_answered_one(
    shares: list[float], bound: float, data: st.DataObject
) -> None:
    names = [f"class {place}" for place in range(len(shares))]
    own = data.draw(st.sampled_from(names))
    writer = AnswerWriter(names)
    (numbers,) = writer.numbers(shares)

    written = json.loads(f"{{{writer.uncertainty(numbers, own, bound)}}}")["set"]

    keeps = [round(1 - float(number), ERROR_DIGITS) <= bound for number in numbers]
    assert written == [name for name, is_within in zip(names, keeps, strict=True) if is_within or name == own]
