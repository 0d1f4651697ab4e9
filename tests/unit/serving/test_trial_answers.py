"""A challenger beside the champion, as callers see it: in shadow not at all, as a canary in its share of entities."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import rows_to_columns
from refrain.aws.storage import to_json
from refrain.lake.deployment import Challenger, Deployment
from refrain.lake.model_definition import ModelDefinition
from refrain.model.tabular import TabularModel
from refrain.serving.trial_answers import ChallengerScores, score_challenger
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, assert_same, read

if TYPE_CHECKING:
    from collections.abc import Callable

CITIES = [tiny.ADA | {"age": 20 + place % 60, "hours": 10 + place} for place in range(200)]


@pytest.fixture(scope="module")
def rival_version() -> tiny.Model:
    """Another version of people, which learned from fewer rows and so answers otherwise."""
    return tiny.people(120).named("people-2")


def put_on_trial(api: Api, model: tiny.Model, mode: str, share: float = 0.3, until: str = "9999") -> None:
    """Put a version beside the champion."""
    tiny.put_version(api.lake, model)
    name = model.definition.model
    deployment = Deployment.read(api.lake, name)
    assert deployment is not None
    challenger = Challenger(model.version, "2026-11-23T12:30:00Z", "roc_auc", 0.92, mode, share, until)
    api.lake.write(Deployment.key(name), to_json(replace(deployment, challenger=challenger).to_json()))
    api.clock.now += 6


def captured(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """The lines that were captured since the last time."""
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [line for line in lines if "capture" in line]


def beside(line: dict[str, Any]) -> list[tuple[dict[str, Any], list[float]]]:
    """The rows of a captured line, with what the other version answered to each."""
    return list(zip(line["rows"], line["other"]["answers"], strict=True))


def by_version(answer: dict[str, Any]) -> list[str]:
    return [each.get("version", answer["model_version"]) for each in answer["predictions"]]


def test_in_shadow_the_caller_gets_the_champions_answer_and_nothing_else(
    api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    before = api.predict("people", *CITIES)
    captured(capsys)
    put_on_trial(api, rival_version, "shadow")

    after = api.predict("people", *CITIES)

    assert after.keys() == before.keys()
    assert_same(after["predictions"], before["predictions"])
    (first, *_) = captured(capsys)
    assert (first["version"], first["other"]["version"]) == ("people-1", "people-2")
    assert first["other"]["milliseconds"] > 0
    alone = TabularModel.load(rival_version.files.manifest, rival_version.files.model)
    columns, _ = alone.prepare(CITIES[: len(first["rows"])])
    assert first["other"]["answers"] == pytest.approx(alone.predict_columns(columns), abs=1e-6)


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_challenger_that_breaks_hurts_nobody(
    mode: str, api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = api.predict("people", *CITIES)
    put_on_trial(api, rival_version, mode)
    captured(capsys)
    score = TabularModel.score

    def breaks(self: TabularModel, matrix: Any) -> Any:
        if self.version == "people-2":
            raise MemoryError("nobody expected this")
        return score(self, matrix)

    api.predict("people", tiny.ADA)  # loads and proves it, before it breaks
    monkeypatch.setattr(TabularModel, "score", breaks)
    after = api.predict("people", *CITIES[:99])

    assert_same(after["predictions"], before["predictions"][:99])
    (line,) = captured(capsys)[1:]
    assert (line["version"], line["other"]["version"]) == ("people-1", "people-2")
    assert line["other"]["answers"] == [[]] * 99


def test_the_champion_answers_a_row_without_a_finite_answer_alone(
    api: Api, rival_version: tiny.Model, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    put_on_trial(api, rival_version, "canary", share=0.5)
    whole = api.predict("people", *CITIES)
    captured(capsys)
    first = by_version(whole).index("people-2")
    score = TabularModel.score

    def wounded(self: TabularModel, matrix: Any) -> Any:
        scores = score(self, matrix).copy()
        scores[first] = np.nan if self.version == "people-2" else scores[first]
        return scores

    monkeypatch.setattr(TabularModel, "score", wounded)
    answer = api.predict("people", *CITIES)

    fell = [
        place
        for place, (one, other) in enumerate(zip(by_version(whole), by_version(answer), strict=True))
        if one != other
    ]
    assert fell == [first]
    fallen = [row["id"] for line in captured(capsys) for row, other in beside(line) if not other]
    assert fallen == [answer["prediction_ids"][first]]


def test_a_canary_answers_its_share_of_the_entities_and_says_so(
    api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    put_on_trial(api, rival_version, "canary", share=0.3)

    answer = api.predict("people", *CITIES)

    versions = by_version(answer)
    assert answer["model_version"] == "people-1"
    assert 0.2 < versions.count("people-2") / len(versions) < 0.4
    lines = captured(capsys)
    told = {row["id"]: line["version"] for line in lines for row in line["rows"]}
    assert [told[each] for each in answer["prediction_ids"]] == versions


def test_what_the_other_version_of_a_canary_answers_is_captured_beside_every_row(
    api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    put_on_trial(api, rival_version, "shadow")
    shadow = api.predict("people", *CITIES)
    in_shadow = [other for line in captured(capsys) for _, other in beside(line)]
    put_on_trial(api, rival_version, "canary", share=0.3)

    answer = api.predict("people", *CITIES)

    lines = captured(capsys)
    assert {(line["version"], line["other"]["version"]) for line in lines} == {
        ("people-1", "people-2"),
        ("people-2", "people-1"),
    }
    assert all(line["classes"] == line["other"]["classes"] for line in lines)
    pairs = {
        row["id"]: {line["version"]: row["answer"], line["other"]["version"]: other}
        for line in lines
        for row, other in beside(line)
    }
    both = [pairs[identity] for identity in answer["prediction_ids"]]
    assert [pair["people-2"] for pair in both] == in_shadow
    as_sent = [list(each["probabilities"].values()) for each in shadow["predictions"]]
    assert [pair["people-1"] for pair in both] == as_sent


def test_a_caller_does_not_flip(api: Api, rival_version: tiny.Model) -> None:
    put_on_trial(api, rival_version, "canary", share=0.5)

    together = by_version(api.predict("people", *CITIES))
    alone = [by_version(api.predict("people", each))[0] for each in CITIES[:50]]
    written_otherwise = [by_version(api.predict("people", each | {"city": " London "}))[0] for each in CITIES[:50]]

    assert together[:50] == alone == written_otherwise


def test_the_key_is_the_entity_where_it_is_sent(make_api: Callable[[], Api]) -> None:
    keyed = tiny.FLATS | {"key": ["flat"], "columns": tiny.FLATS["columns"] | {"flat": {"type": "category"}}}
    rows = [{"flat": f"f{area}", "area": area, "rooms": 2, "price": 3 * area} for area in range(60)]
    model, api = tiny.made("flats", keyed, rows), make_api()
    tiny.deploy(api.lake, model)
    put_on_trial(api, model.named("flats-2"), "canary", share=0.5)

    for flat in ("f1", "f2", "f3", "f4", "f5", "f6"):
        growing = [{"flat": flat, "area": area, "rooms": 2} for area in range(30)]
        assert len(set(by_version(api.predict("flats", *growing)))) == 1
    others = [{"flat": f"f{number}", "area": 50, "rooms": 2} for number in range(40)]
    assert len(set(by_version(api.predict("flats", *others)))) == 2


def test_the_next_challenger_is_tried_on_others(api: Api, rival_version: tiny.Model) -> None:
    put_on_trial(api, rival_version, "canary", share=0.5)
    first = [version == "people-2" for version in by_version(api.predict("people", *CITIES))]
    put_on_trial(api, rival_version.named("people-3"), "canary", share=0.5)
    second = [version == "people-3" for version in by_version(api.predict("people", *CITIES))]

    assert 0.3 < np.mean(np.array(first) == np.array(second)) < 0.7


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_challenger_that_fails_its_proof_answers_nothing_and_the_judge_can_see_it(
    mode: str, api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    put_on_trial(api, rival_version.broken(), mode, share=0.5)

    answer = api.predict("people", *CITIES[:40])

    assert set(by_version(answer)) == {"people-1"}
    out = capsys.readouterr().out.splitlines()
    assert any("ChallengerRefused" in line for line in out)
    assert not any("VersionRefused" in line for line in out)
    lines = [json.loads(line) for line in out if '"capture"' in line]
    assert lines[0]["other"] == {
        "version": "people-2",
        "classes": None,
        "milliseconds": lines[0]["other"]["milliseconds"],
        "answers": [[]] * 40,
    }


def test_when_the_challenger_cannot_be_read_the_champion_answers_alone(
    api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    api.predict("people", tiny.ADA)
    put_on_trial(api, rival_version, "shadow")
    captured(capsys)
    api.lake.fails = "versions/people/people-2"

    api.predict("people", tiny.ADA)

    assert "other" not in captured(capsys)[0]
    api.lake.fails = ""
    api.clock.now += 6
    api.predict("people", tiny.ADA)
    assert "other" in captured(capsys)[0]


def test_a_challenger_whose_time_is_over_is_not_asked(
    api: Api, rival_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    put_on_trial(api, rival_version, "canary", share=0.5, until="2026-01-01T00:00:00Z")

    assert set(by_version(api.predict("people", *CITIES))) == {"people-1"}


def test_a_promoted_challenger_is_not_loaded_again(api: Api, rival_version: tiny.Model) -> None:
    put_on_trial(api, rival_version, "shadow")
    api.predict("people", tiny.ADA)
    tiny.deploy(api.lake, rival_version)
    api.clock.now += 6
    api.lake.reads.clear()

    assert api.predict("people", tiny.ADA)["model_version"] == "people-2"
    assert api.lake.reads == [ModelDefinition.key("people"), Deployment.key("people")]


def test_v2_names_the_version_of_each_row(api: Api, rival_version: tiny.Model) -> None:
    put_on_trial(api, rival_version, "canary", share=0.5)
    ages = [each["age"] for each in CITIES]
    inputs = [{"name": "age", "datatype": "INT64", "shape": [len(ages)], "data": ages}]

    answer = read(api.ask("POST", "/v2/models/people/infer", {"inputs": inputs}))

    versions = answer["parameters"]["versions"].split(",")
    assert set(versions) == {"people-1", "people-2"}
    assert [by == versions[ages.index(age)] for age, by in zip(ages, versions, strict=True)] == [True] * len(ages)
    named = read(api.ask("POST", "/v2/models/people/versions/people-1/infer", {"inputs": inputs}))
    assert "versions" not in named["parameters"]


def test_the_catalogue_shows_who_is_on_trial_and_how(api: Api, rival_version: tiny.Model) -> None:
    put_on_trial(api, rival_version, "canary", share=0.3)

    found = api.get("/v1/models/people")["challenger"]

    assert (found["version"], found["mode"], found["share"]) == ("people-2", "canary", 0.3)


def test_a_refused_request_is_refused_as_ever(api: Api, rival_version: tiny.Model) -> None:
    put_on_trial(api, rival_version, "shadow")

    answer = api.ask("POST", "/v1/models/people:predict", {"instances": [tiny.ADA | {"age": 390}]})

    assert answer.status == 422


def test_a_challenger_without_a_model_has_no_usable_row(tiny_version: tiny.Model) -> None:
    servable = TabularModel.load(tiny_version.files.manifest, tiny_version.files.model)
    raw = rows_to_columns([tiny.ADA, tiny.ADA], servable.definition.inputs)
    columns, _ = servable.prepare_columns(raw, 2)

    scores = score_challenger(None, servable, {}, columns)

    assert isinstance(scores, ChallengerScores)
    assert scores.usable.tolist() == [False, False]
