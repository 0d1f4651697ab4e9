"""Upload, ingest, retrain, promote, predict: through the doors that users have, and nothing else."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from local.demo.uploads import tumour_uploads

if TYPE_CHECKING:
    from local.stack_client import StackClient


def states_of(stage: StackClient, execution: str) -> list[str]:
    """The states that a run went through, in order."""
    *_, last = stage.states(execution)
    return [each["stateEnteredEventDetails"]["name"] for each in last if "stateEnteredEventDetails" in each]


@pytest.fixture(scope="module")
def trained(stage: StackClient) -> dict[str, Any]:
    """The tumours, uploaded and learned from."""
    story = tumour_uploads()
    for key, content in story.first:
        stage.upload(key, content)
    for key, _ in story.first:
        assert stage.receipt(key)["status"] == "kept"
    execution = stage.retrain("tumours")
    states = states_of(stage, execution)
    return stage.outcome(execution) | {"states": states}


def test_every_row_of_every_upload_is_kept_or_rejected_with_a_reason(
    stage: StackClient, trained: dict[str, Any]
) -> None:
    dirty = stage.receipt("tumours/clinic-c.tsv")

    assert (dirty["rows_read"], dirty["rows_kept"], dirty["rows_rejected"]) == (124, 120, 4)
    assert {(each["column"], each["reason"]) for each in dirty["rejections"]} >= {("mean_area", "expected at least 0")}


def test_a_model_is_born_through_the_states_that_people_read(trained: dict[str, Any]) -> None:
    assert trained["states"] == [
        "Retrain or roll back?",
        "Take a snapshot",
        "Enough to learn from?",
        "Train the candidates",
        "Train a candidate",
        "Train a candidate",
        "Compare with the champion",
        "Better?",
        "Promote",
    ]
    assert (trained["outcome"], trained["decision"]) == ("promoted", "first_model")


def test_the_model_answers_over_https(stage: StackClient, trained: dict[str, Any]) -> None:
    golden = json.loads(stage.lake(f"versions/tumours/{trained['champion']}/golden.json"))

    status, answer, _ = stage.predict("tumours", golden["rows"])

    assert (status, answer["model_version"]) == (200, trained["champion"])
    classes = json.loads(stage.lake(f"versions/tumours/{trained['champion']}/manifest.json"))["classes"]
    for prediction, expected in zip(answer["predictions"], golden["answers"], strict=True):
        assert list(prediction["probabilities"].values()) == pytest.approx(expected, abs=1e-4)
        assert list(prediction["probabilities"]) == classes


def test_without_a_key_only_health_answers(stage: StackClient, trained: dict[str, Any]) -> None:
    api = stage.stack["api_url"]

    with urllib.request.urlopen(f"{api}/v2/health/live") as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{api}/v1/models/tumours")
    assert refused.value.code == 403


def test_nothing_new_ends_as_success(stage: StackClient, trained: dict[str, Any]) -> None:
    execution = stage.retrain("tumours")

    assert states_of(stage, execution) == [
        "Retrain or roll back?",
        "Take a snapshot",
        "Enough to learn from?",
        "Nothing to learn from",
    ]
    ended = stage.outcome(execution)
    assert ended["outcome"] == "nothing_to_learn"
    assert "nothing is new" in ended["why"]


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"model": "tumors"}, "UnknownModel", "no model is named 'tumors'"),
        ({"model": 7}, "InvalidRequest", "model: expected the name of a model, got 7"),
        ({"model": "tumours", "forced": True}, "InvalidRequest", "forced: unknown"),
        (["tumours"], "InvalidRequest", "expected an object such as"),
    ],
    ids=["an unknown model", "no name", "an unknown field", "no object"],
)
def test_a_wrong_input_is_refused_in_words(stage: StackClient, request_: Any, error: str, words: str) -> None:
    execution = stage.start(request_)

    assert states_of(stage, execution) == ["Retrain or roll back?", "Take a snapshot", "Refused"]
    ended = stage.describe(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert words in ended["cause"]


def test_the_same_file_again_counts_once_and_says_so(stage: StackClient, trained: dict[str, Any]) -> None:
    key, content = tumour_uploads().first[0]

    stage.upload("tumours/again.csv", content)

    receipt = stage.receipt("tumours/again.csv")
    assert (receipt["status"], receipt["of"]) == ("duplicate", stage.receipt(key)["digest"])


def test_an_upload_that_nobody_can_use_gets_a_receipt(stage: StackClient) -> None:
    stage.upload("tumours/empty.csv", b"")
    stage.upload("nobody/rows.csv", b"a,b\n1,2\n")

    assert stage.receipt("tumours/empty.csv")["status"] == "refused"
    assert "nobody" in stage.receipt("nobody/rows.csv")["reason"]


def test_of_two_runs_at_once_one_promotes_and_both_succeed(stage: StackClient, trained: dict[str, Any]) -> None:
    key, content = tumour_uploads().later[0]
    stage.upload(key, content)
    assert stage.receipt(key)["status"] == "kept"

    executions = [stage.retrain("tumours"), stage.retrain("tumours")]

    for execution in executions:
        states_of(stage, execution)
        assert stage.outcome(execution)["outcome"] in {"promoted", "kept", "superseded"}
