"""Upload, ingest, retrain, promote and predict, only through the interfaces of users."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from sklearn.datasets import load_wine

from cli.app import main
from cli.exit_codes import DONE, FAILED, REFUSED, UNCHANGED
from local.demo.uploads import tumour_uploads

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from local.stack_client import StackClient


def states_of(client: StackClient, execution: str) -> list[str]:
    """Return the states of a run in order."""
    *_, last = client.states(execution)
    return [event["stateEnteredEventDetails"]["name"] for event in last if "stateEnteredEventDetails" in event]


@pytest.fixture(scope="module")
def trained(client: StackClient) -> dict[str, Any]:
    """The outcome of a run on the uploaded tumours."""
    story = tumour_uploads()
    for key, content in story.first:
        client.upload(key, content)
    for key, _ in story.first:
        assert client.receipt(key)["status"] == "kept"
    execution = client.retrain("tumours")
    states = states_of(client, execution)
    return client.outcome(execution) | {"states": states}


def test_every_row_of_every_upload_is_kept_or_rejected_with_a_reason(
    client: StackClient, trained: dict[str, Any]
) -> None:
    dirty = client.receipt("tumours/clinic-c.tsv")

    assert (dirty["rows_read"], dirty["rows_kept"], dirty["rows_rejected"]) == (124, 120, 4)
    assert {(row["column"], row["reason"]) for row in dirty["rejections"]} >= {("mean_area", "expected at least 0")}


def test_the_first_model_is_trained_and_promoted_in_these_states(trained: dict[str, Any]) -> None:
    assert trained["states"] == [
        "Which action?",
        "Take a snapshot",
        "Enough to learn from?",
        "Train the candidates",
        "Train a candidate",
        "Train a candidate",
        "Compare with the champion",
        "To be fitted on all rows?",
        "Fit on all rows",
        "Prove the refitted model",
        "Better?",
        "Promote",
    ]
    assert (trained["outcome"], trained["decision"]) == ("promoted", "first_model")


def test_the_model_answers_over_https(client: StackClient, trained: dict[str, Any]) -> None:
    golden = json.loads(client.lake(f"versions/tumours/{trained['champion']}/golden.json"))

    status, answer, _ = client.predict("tumours", golden["rows"])

    assert (status, answer["model_version"]) == (200, trained["champion"])
    classes = json.loads(client.lake(f"versions/tumours/{trained['champion']}/manifest.json"))["classes"]
    for prediction, expected in zip(answer["predictions"], golden["answers"], strict=True):
        assert list(prediction["probabilities"].values()) == pytest.approx(expected, abs=1e-4)
        assert list(prediction["probabilities"]) == classes


def test_only_health_answers_without_a_key(client: StackClient, trained: dict[str, Any]) -> None:
    api = client.stack["api_url"]

    with urllib.request.urlopen(f"{api}/v2/health/live") as answer:
        assert answer.status == 200
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{api}/v1/models/tumours")
    assert refused.value.code == 403


def test_a_run_without_new_data_succeeds(client: StackClient, trained: dict[str, Any]) -> None:
    execution = client.retrain("tumours")

    assert states_of(client, execution) == [
        "Which action?",
        "Take a snapshot",
        "Enough to learn from?",
        "Nothing to learn from",
    ]
    ended = client.outcome(execution)
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
def test_an_invalid_input_is_refused_with_a_reason(client: StackClient, request_: Any, error: str, words: str) -> None:
    execution = client.start(request_)

    assert states_of(client, execution) == ["Which action?", "Take a snapshot", "Refused"]
    ended = client.describe(execution)
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert words in ended["cause"]


def test_the_same_file_again_is_reported_as_a_duplicate(client: StackClient, trained: dict[str, Any]) -> None:
    key, content = tumour_uploads().first[0]

    client.upload("tumours/again.csv", content)

    receipt = client.receipt("tumours/again.csv")
    assert (receipt["status"], receipt["of"]) == ("duplicate", client.receipt(key)["digest"])


def test_an_unusable_upload_gets_a_receipt(client: StackClient) -> None:
    client.upload("tumours/empty.csv", b"")
    client.upload("nobody/rows.csv", b"a,b\n1,2\n")

    assert client.receipt("tumours/empty.csv")["status"] == "refused"
    assert "nobody" in client.receipt("nobody/rows.csv")["reason"]


def test_the_local_cloud_shows_the_events_of_what_happened(
    request: pytest.FixtureRequest, client: StackClient, trained: dict[str, Any]
) -> None:
    if request.config.getoption("--stack"):
        pytest.skip("a deployed stack has no log of its events")
    client.upload("tumours/blank.csv", b"\n")
    assert client.receipt("tumours/blank.csv")["status"] == "refused"

    log = client.client("logs").filter_log_events(logGroupName="refrain-events")["events"]

    events = [json.loads(line["message"]) for line in log]
    assert {event["source"] for event in events} == {"refrain.refrain"}
    assert {"Promoted", "UploadRefused"} <= {event["detail-type"] for event in events}


def test_two_runs_at_once_both_succeed(client: StackClient, trained: dict[str, Any]) -> None:
    key, content = tumour_uploads().later[0]
    client.upload(key, content)
    assert client.receipt(key)["status"] == "kept"

    executions = [client.retrain("tumours"), client.retrain("tumours")]

    for execution in executions:
        states_of(client, execution)
        assert client.outcome(execution)["outcome"] in {"promoted", "refreshed", "kept", "superseded"}


@pytest.fixture
def command(
    client: StackClient, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, Any]]:
    """Run `refrain` on the stack with `--json`; return its exit code and its document."""
    monkeypatch.setattr("cli.stack_choice.choose_stack", lambda _: client.origin)

    def run(*arguments: str) -> tuple[int, Any]:
        code = main([*arguments, "--json"])
        written = capsys.readouterr().out
        return code, json.loads(written) if written else None

    return run


def test_the_command_predicts_labels_and_shows_what_serves(
    client: StackClient, trained: dict[str, Any], command: Callable[..., tuple[int, Any]]
) -> None:
    champion = client.ask("/v1/models/tumours")[1]["model_version"]
    row = json.loads(client.lake(f"versions/tumours/{champion}/golden.json"))["rows"][0]
    pairs = [f"{name}={value}" for name, value in row.items() if value is not None]

    _, answer = command("predict", "tumours", *pairs)

    assert answer["model_version"] == champion
    assert answer["predictions"][0]["label"] in ("benign", "malignant")
    (name,) = answer["prediction_ids"]
    assert command("label", "tumours", f"{name}=benign")[1]["accepted"] == 1
    assert command("label", "tumours", f"{name}=unsure")[0] == REFUSED
    assert command("predict", "tumours", "mean_area=a lot")[0] == REFUSED
    _, status = command("status")
    assert champion in [entry["model_version"] for entry in status["models"]]
    _, history = command("history", "tumours")
    assert history["moves"][0]["event"] == "promoted"
    # Until the captured line arrives, and right after a move, the log knows only what may have answered.
    assert champion in command("history", "tumours", "--prediction", name)[1]["possible"]


def test_a_drafted_definition_promotes_a_first_model_unchanged(
    client: StackClient, command: Callable[..., tuple[int, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    wines = tmp_path / "wines.csv"
    load_wine(as_frame=True).frame.rename(columns={"target": "kind"}).to_csv(wines, index=False)

    assert command("init", str(wines), "--target", "kind")[0] == DONE
    client.apply(tmp_path / "wines.toml")
    client.upload("wines/wines.csv", wines.read_bytes())
    assert client.receipt("wines/wines.csv")["rows_kept"] == 178

    code, outcome = command("retrain", "wines")
    assert (code, outcome["outcome"]) == (DONE, "promoted"), outcome


def test_the_exit_code_of_a_run_says_how_it_ended(
    trained: dict[str, Any], command: Callable[..., tuple[int, Any]]
) -> None:
    code, outcome = command("retrain", "tumours")

    assert (code, outcome["outcome"]) == (UNCHANGED, "nothing_to_learn")
    assert command("retrain", "tumors")[0] == REFUSED
    _, started = command("retrain", "tumours", "--no-wait")
    watched, ended = command("watch", started["execution"])
    assert (watched, ended["why"]) == (code, outcome["why"])
    assert command("watch", "tumours")[0] == FAILED


def test_the_command_promotes_a_version_by_hand_and_rolls_it_back(
    trained: dict[str, Any], command: Callable[..., tuple[int, Any]]
) -> None:
    twin = trained["champion"].removesuffix(".refit")

    assert command("promote", "tumours", twin)[1]["champion"] == twin
    assert set(command("diff", "tumours/previous", "tumours")[1]["changed"]) >= {"rows"}
    code, back = command("rollback", "tumours", "--reason", "it was a test")
    assert (code, back["instead_of"]) == (DONE, twin)
    assert command("promote", "tumours", twin)[0] == REFUSED
