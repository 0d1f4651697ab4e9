"""What was served when, and which version answered: the log of moves, and the captured lines."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from preprocessing import Rollout
from refrain.lake.capture.reading import captured_key
from refrain.lake.deployment import Deployment, Served
from refrain.lake.deployment_moves import remove_challenger, restore_champion, set_challenger, set_champion
from refrain.times import to_iso
from tests.unit.serving import tiny
from tests.unit.serving.conftest import Api, read

if TYPE_CHECKING:
    from collections.abc import Callable

HISTORY = "/v1/models/people/history"
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


def at(minutes: float) -> str:
    return to_iso(NOON + timedelta(minutes=minutes), "milliseconds")


def clock(minutes: float) -> Callable[[], datetime]:
    return lambda: NOON + timedelta(minutes=minutes)


@pytest.fixture
def moved(make_api: Callable[[], Api], tiny_version: tiny.Model) -> Api:
    """One came at 12:00; two was tried at 12:10, promoted 12:20, rolled back 12:30; three was tried 12:40 to 12:50."""
    api = make_api()
    for version in ("people-1", "people-2"):
        tiny.put_version(api.lake, tiny_version.named(version))
    lake, why = api.lake, {"because": "test"}
    auc = {"metric": "roc_auc", "value": 0.9} | why
    canary = Rollout("canary", share=0.2, most_minutes=40)
    set_champion(lake, "people", "people-1", expected=None, reasons=auc, clock=clock(0))
    set_challenger(lake, "people", "people-2", canary, expected="people-1", reasons=auc, clock=clock(10))
    set_champion(lake, "people", "people-2", expected="people-1", reasons=auc, on_trial=True, clock=clock(20))
    restore_champion(
        lake,
        "people",
        "people-1",
        expected=Served("people-2", at(20), "roc_auc", 0.9),
        withdrawn_digest="digest",
        previous=None,
        reasons={"because": "complaints"},
        clock=clock(30),
    )
    set_challenger(lake, "people", "people-3", Rollout("shadow"), expected="people-1", reasons=why, clock=clock(40))
    remove_challenger(lake, "people", "people-3", reasons=why, clock=clock(50))
    return api


def ask(api: Api, **query: str) -> dict[str, Any]:
    answer = api.ask("GET", HISTORY, queryStringParameters=query or None)
    assert answer.status == 200, answer.body
    return read(answer)


def prediction_at(minutes: float) -> str:
    milliseconds = round((NOON + timedelta(minutes=minutes)).timestamp() * 1000)
    return f"{milliseconds:011x}{'0' * 10}-000"


def test_all_moves_are_told_in_the_order_of_time_with_who_and_why(moved: Api) -> None:
    found = ask(moved)

    assert [(each["event"], each["version"], each["time"]) for each in found["moves"]] == [
        ("promoted", "people-1", at(0)),
        ("trial_started", "people-2", at(10)),
        ("promoted", "people-2", at(20)),
        ("rolled_back", "people-1", at(30)),
        ("trial_started", "people-3", at(40)),
        ("dismissed", "people-3", at(50)),
    ]
    assert (found["moves"][3]["because"], found["earlier"]) == ("complaints", 0)


@pytest.mark.parametrize(
    ("minutes", "version", "challenger"),
    [
        (-1, None, None),
        (0, "people-1", None),
        (15, "people-1", "people-2"),
        (25, "people-2", None),
        (35, "people-1", None),
        (45, "people-1", "people-3"),
        (50, "people-1", None),
        (200, "people-1", None),
    ],
)
def test_what_was_served_at_a_moment(moved: Api, minutes: float, version: str | None, challenger: str | None) -> None:
    found = ask(moved, at=at(minutes))

    assert found["model_version"] == version
    assert (found["challenger"] or {}).get("version") == challenger


@pytest.mark.parametrize("time", ["2026-11-23T13:15:00 01:00", "2026-11-23T12:15:00", "2026-11-23 12:15:00Z"])
def test_a_moment_can_be_written_in_several_ways(moved: Api, time: str) -> None:
    assert ask(moved, at=time.replace(" 12", "T12"))["at"] == at(15)


@pytest.mark.parametrize(
    ("minutes", "version", "possible"),
    [
        (5, "people-1", ["people-1"]),
        (15, None, ["people-1", "people-2"]),  # a canary was on trial
        (20.05, None, ["people-2", "people-1"]),  # three seconds after the promotion
        (25, "people-2", ["people-2"]),
        (45, "people-1", ["people-1"]),  # a shadow answers nobody
        (-5, None, []),
    ],
)
def test_the_log_says_which_version_can_have_answered(
    moved: Api, minutes: float, version: str | None, possible: list[str]
) -> None:
    found = ask(moved, prediction=prediction_at(minutes))

    assert (found["model_version"], found["possible"], found["source"]) == (version, possible, "log")


def test_a_captured_prediction_is_known_exactly(
    moved: Api, tiny_version: tiny.Model, capsys: pytest.CaptureFixture[str]
) -> None:
    answer = moved.predict("people", *[tiny.ADA] * 3)
    lines = "".join(line for line in capsys.readouterr().out.splitlines() if '"capture"' in line)
    for name, content in (("a", b"damaged"), ("b", gzip.compress(2 * lines.encode()))):
        moved.lake.write(captured_key("people", datetime.now(UTC), name), content)

    found = ask(moved, prediction=answer["prediction_ids"][2])

    assert (found["model_version"], found["source"]) == (answer["model_version"], "captured")
    assert found["asked_at"][:16] == datetime.now(UTC).isoformat()[:16]


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        (HISTORY, {"at": "noon"}, 400, "invalid_request"),
        (HISTORY, {"at": "0001-01-01T00:00:00+14:00"}, 400, "invalid_request"),
        (HISTORY, {"at": "9999-12-31T23:59:59-14:00"}, 400, "invalid_request"),
        (HISTORY, {"prediction": "x"}, 400, "invalid_request"),
        (HISTORY, {"when": "now"}, 400, "invalid_request"),
        (HISTORY, {"at": at(1), "prediction": prediction_at(1)}, 400, "invalid_request"),
        ("/v1/models/untrained/history", {}, 404, "not_trained"),
        ("/v1/models/nobody/history", {}, 404, "unknown_model"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    moved: Api, path: str, query: dict[str, str], status: int, code: str
) -> None:
    answer = moved.ask("GET", path, queryStringParameters=query)

    assert (answer.status, read(answer)["code"]) == (status, code)


def test_of_a_long_history_the_newest_moves_are_told(api: Api) -> None:
    before = Deployment.read(api.lake, "people").champion_version
    for number in range(105):
        set_champion(api.lake, "people", f"v{number}", expected=before, reasons={})
        before = f"v{number}"

    found = ask(api)

    assert (len(found["moves"]), found["earlier"], found["moves"][-1]["version"]) == (100, 5, "v104")
