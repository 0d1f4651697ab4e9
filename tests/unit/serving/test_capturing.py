"""What is answered is captured: on standard output, after the answer is made, with no call to anybody."""

from __future__ import annotations

import json
import logging
import sys
from typing import TYPE_CHECKING, Any

import pytest

from tests.stored import define
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

if TYPE_CHECKING:
    from collections.abc import Callable

INFER = "/v2/models/people/infer"
KEYED = {**tiny.FLATS, "key": ["flat"], "time": "at", "columns": {**tiny.FLATS["columns"]}}
KEYED["columns"] |= {"flat": {"type": "category"}, "at": {"type": "time"}}


def captured(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines since the last time, each a document."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_a_request_is_one_line_with_what_was_asked_and_answered(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    answer = api.predict("people", tiny.ADA | {"sex": " FEMALE"}, tiny.ADA | {"city": "Atlantis"})

    (line,) = captured(capsys)
    assert (line["capture"], line["model"], line["version"]) == (1, "people", "people-1")
    assert line["milliseconds"] > 0
    assert [row["id"] for row in line["rows"]] == answer["prediction_ids"]
    first, second = line["rows"]
    assert first["instance"]["sex"] == "female"
    assert first["answer"] == list(answer["predictions"][0]["probabilities"].values())
    assert line["classes"] == list(answer["predictions"][0]["probabilities"])
    assert "unfamiliar" not in first
    assert second["unfamiliar"] == ["city"]


def test_the_other_protocol_is_captured_the_same(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    tensors = [
        {"name": name, "datatype": "BYTES", "shape": [1], "data": [str(value)]} for name, value in tiny.ADA.items()
    ]
    answer = read(api.ask("POST", INFER, {"inputs": tensors}))
    api.predict("people", tiny.ADA)

    one, other = captured(capsys)
    assert one["rows"][0]["id"] == answer["parameters"]["prediction_ids"]
    for line in (one, other):
        del line["rows"][0]["id"], line["time"], line["milliseconds"]
    assert one == other


def test_key_and_time_are_captured_as_sent_where_they_were_sent(
    make_api: Callable[[], Api], capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [{"area": area, "rooms": 2, "price": 3 * area, "flat": f"f{area}", "at": "2026-11-01"} for area in range(50)]
    api = make_api()
    tiny.deploy(api.lake, tiny.made("flats", KEYED, rows))

    api.predict("flats", {"area": 1, "flat": 7, "at": "2026-11-23T01:00:00+01:00"}, {"area": 2, "flat": None})
    tensor = {"name": "area", "datatype": "FP64", "shape": [1], "data": [3]}
    key = {"name": "flat", "datatype": "BYTES", "shape": [1], "data": ["f3"]}
    assert api.ask("POST", "/v2/models/flats/infer", {"inputs": [tensor, key]}).status == 200

    rows = [row["instance"] for line in captured(capsys) for row in line["rows"]]
    assert rows == [
        {"area": 1, "rooms": None, "flat": 7, "at": "2026-11-23T01:00:00+01:00"},
        {"area": 2, "rooms": None},
        {"area": 3, "rooms": None, "flat": "f3"},
    ]


def test_a_time_of_several_columns_is_read_and_captured_as_one(
    make_api: Callable[[], Api], capsys: pytest.CaptureFixture[str]
) -> None:
    columns = {**tiny.FLATS["columns"], "at": {"type": "time", "from": ["day", "clock"]}}
    columns["built"] = {"type": "time", "from": ["year", "month", "day"]}
    rows = [{"area": n, "price": 3 * n, "at": "2026-11-01", "built": f"{1970 + n}-01-01"} for n in range(50)]
    api = make_api()
    tiny.deploy(api.lake, tiny.made("flats", {**tiny.FLATS, "time": "at", "columns": columns}, rows))
    parts = {"year": 2001, "month": 2.0, "day": "03", "clock": "08:15"}

    asked = api.predict("flats", {"area": 1} | parts, {"built": "2001-02-03"})
    tensors = [{"name": name, "datatype": "BYTES", "shape": [1], "data": [value]} for name, value in parts.items()]
    answer = api.ask("POST", "/v2/models/flats/infer", {"inputs": tensors})
    refused = api.ask("POST", "/v1/models/flats:predict", {"instances": [{"year": 2001, "month": 2, "day": 30}]})

    assert "ignored" not in asked
    assert "ignored" not in read(answer)["parameters"]
    built = "2001-02-03T00:00:00.000000Z"
    assert [row["instance"] for line in captured(capsys) for row in line["rows"]] == [
        {"area": 1, "rooms": None, "built": built, "at": "03 08:15"},
        {"area": None, "rooms": None, "built": built},
        {"area": None, "rooms": None, "built": built, "at": "03 08:15"},
    ]
    (problem,) = read(refused)["problems"]
    assert (refused.status, problem["column"], problem["value"]) == (422, "built", "2001 2 30")


def test_what_is_refused_is_not_captured(api: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert api.ask("POST", "/v1/models/people:predict", {"instances": [{"age": -1}]}).status == 422

    assert captured(capsys) == []


def test_an_answer_that_is_too_large_is_not_captured(
    api: Api, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refrain.serving.http.routes.MAX_PAYLOAD_BYTES", 50)

    assert api.ask("POST", "/v1/models/people:predict", {"instances": [tiny.ADA]}).status == 413
    assert captured(capsys) == []


def test_capture_makes_no_call(api: Api) -> None:
    api.predict("people", tiny.ADA)
    keys, api.lake.reads = api.lake.keys(""), []

    for _ in range(10):
        api.predict("people", tiny.ADA)

    assert api.lake.reads == []
    assert api.lake.keys("") == keys


@pytest.mark.parametrize(("share", "least", "most"), [(0, 0, 0), (0.5, 400, 600)])
def test_the_definition_says_what_share_is_captured(
    api: Api, capsys: pytest.CaptureFixture[str], share: float, least: int, most: int
) -> None:
    define(
        api.lake,
        "flats",
        "task = 'regression'\ntarget = 'price'\n[columns]\narea = { type = 'number' }\nprice = { type = 'number' }\n"
        "[training]\ncandidates = [{ name = 'linear', estimator = 'sklearn.linear_model.LinearRegression' }]\n"
        f"[monitoring]\ncapture = {share}\n",
    )

    api.predict("flats", *({"area": area} for area in range(1000)))

    assert least <= sum(len(line["rows"]) for line in captured(capsys)) <= most


def test_an_answer_is_not_lost_when_it_cannot_be_captured(
    api: Api, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class Closed:
        def write(self, text: str) -> None:
            raise BrokenPipeError(text)

    monkeypatch.setattr(sys, "stdout", Closed())
    with caplog.at_level(logging.ERROR):
        api.predict("people", tiny.ADA)

    assert [record.message for record in caplog.records] == ["answered, but not captured"]
