"""Back to an earlier version, as a person asks for it: proved first, one move, remembered, safe to do twice."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from preprocessing import Rollout
from refrain.deployment.rollback import RollbackRequest, roll_back
from refrain.errors import BrokenVersion, InvalidRequest, UnknownModel
from refrain.lake.deployment import Deployment, Served
from refrain.lake.deployment_log import LogEntry
from refrain.lake.deployment_moves import set_challenger, set_champion
from refrain.lake.version import TrainingRows
from refrain.times import from_iso
from tests.stored import define
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from refrain.times import Clock
    from tests.fake_services import RecordedBus

WHEN = "2026-11-23T12:00:0"


def clock(time: str) -> Clock:
    return lambda: from_iso(time)


@pytest.fixture(scope="module")
def version() -> tiny.Model:
    return tiny.people(120)


@pytest.fixture
def lake(version: tiny.Model) -> tiny.Lake:
    """Three versions, promoted one after the other."""
    lake = tiny.Lake()
    before = None
    for number in (1, 2, 3):
        name = f"people-{number}"
        made = version.named(name)
        tiny.put_version(lake, made)
        manifest = replace(made.files.manifest, snapshot=TrainingRows(f"digest {number}", 300, 100))
        manifest.write(lake, "people", name)
        reasons = {"metric": "roc_auc", "value": 0.9 + number / 100, "because": "test"}
        set_champion(lake, "people", name, expected=before, reasons=reasons, clock=clock(f"{WHEN}{number}.000Z"))
        before = name
    return lake


def request(second: int, execution: str = "console", **given: Any) -> RollbackRequest:
    return RollbackRequest.of(
        {
            "request": {"model": "people", "action": "rollback", **given},
            "execution": execution,
            "started_at": f"2026-11-23T13:00:0{second}.250Z",
        }
    )


def back(lake: tiny.Lake, second: int = 0, **given: Any) -> dict[str, object]:
    return roll_back(lake, request(second, **given), clock(f"2026-11-23T13:00:0{second}.750Z"))


def deployment(lake: tiny.Lake) -> Deployment:
    found = Deployment.read(lake, "people")
    assert found is not None
    return found


def entries(lake: tiny.Lake) -> list[dict[str, Any]]:
    return [json.loads(lake.read(key).data) for key in lake.keys(LogEntry.prefix("people"))]


def test_a_rollback_is_an_event_with_the_same_id_when_it_is_done_again(lake: tiny.Lake, bus: RecordedBus) -> None:
    for _ in range(2):
        back(lake, reason="complaints from Leeds")

    summary = "people-2 is in service again (complaints from Leeds)."
    move = {"champion": "people-2", "instead_of": "people-3"}
    detail = {"id": "people/rollback console/RolledBack", "model": "people", "summary": summary, **move}
    assert bus.events == [("RolledBack", detail)] * 2


def test_the_previous_version_is_in_service_again_and_the_log_says_who_and_why(lake: tiny.Lake) -> None:
    answer = back(lake, reason="complaints from Leeds")

    assert (answer["champion"], answer["instead_of"], answer["previous"]) == ("people-2", "people-3", "people-1")
    found = deployment(lake)
    assert found.champion == Served("people-2", "2026-11-23T13:00:00.750Z", "roc_auc", 0.92)
    assert found.previous == Served("people-1", f"{WHEN}1.000Z", "roc_auc", 0.91)
    last = entries(lake)[-1]
    assert (last["event"], last["version"], last["instead_of"]) == ("rolled_back", "people-2", "people-3")
    assert (last["by"], last["because"]) == ("rollback console", "complaints from Leeds")


def test_a_second_rollback_goes_further_back_and_never_forward(lake: tiny.Lake) -> None:
    back(lake, 1)
    back(lake, 2)

    assert deployment(lake).champion_version == "people-1"
    with pytest.raises(InvalidRequest, match="no version before people-1"):
        back(lake, 3)


def test_a_withdrawn_version_is_remembered_with_its_snapshot(lake: tiny.Lake) -> None:
    back(lake, 1)
    back(lake, 2)

    assert [(each.version, each.digest) for each in deployment(lake).withdrawn] == [
        ("people-3", "digest 3"),
        ("people-2", "digest 2"),
    ]


def test_a_named_version_comes_back_and_is_withdrawn_no_longer(lake: tiny.Lake) -> None:
    back(lake, 1)
    answer = back(lake, 2, version="people-3")

    assert (answer["champion"], answer["instead_of"]) == ("people-3", "people-2")
    assert [each.version for each in deployment(lake).withdrawn] == ["people-2"]


def test_a_version_that_was_never_in_service_can_be_named(lake: tiny.Lake, version: tiny.Model) -> None:
    tiny.put_version(lake, version.named("people-9"))

    back(lake, version="people-9")

    assert deployment(lake).champion == Served("people-9", "2026-11-23T13:00:00.750Z", "roc_auc", None)


def test_a_trial_under_way_ends(lake: tiny.Lake) -> None:
    times = clock(f"{WHEN}5.000Z")
    set_challenger(lake, "people", "people-4", Rollout("canary"), expected="people-3", reasons={}, clock=times)

    back(lake)

    assert deployment(lake).challenger is None


def test_the_same_execution_again_changes_nothing(lake: tiny.Lake) -> None:
    first = back(lake)
    logged = entries(lake)
    lake._store.delete(lake.keys(LogEntry.prefix("people"))[-1])  # a crash before it was written

    assert back(lake) == first
    assert entries(lake) == logged
    assert deployment(lake).champion_version == "people-2"


def test_a_version_that_does_not_answer_as_it_should_stays_out(lake: tiny.Lake, version: tiny.Model) -> None:
    tiny.put_version(lake, version.named("people-2").broken())

    with pytest.raises(BrokenVersion, match="golden rows get another answer"):
        back(lake)
    assert deployment(lake).champion_version == "people-3"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"version": "people-8"}, "has no version 'people-8'; known are people-3, people-2, people-1"),
        ({"version": "people-3"}, "people-3 is in service already"),
        ({"version": "../income/1"}, "version: expected the name of a version"),
        ({"version": 3}, "version: expected the name of a version, got 3"),
        (
            {"action": "forward"},
            "action: expected promote, dismiss or rollback, or none for a retraining, got 'forward'",
        ),
        ({"why": "so"}, "why: unknown; known are model, action, version and reason"),
        ({"reason": ""}, "reason: expected text"),
        ({"model": "flats"}, "flats has no version in service"),
    ],
)
def test_an_impossible_rollback_is_refused_with_the_reason(lake: tiny.Lake, given: dict[str, Any], words: str) -> None:
    define(lake, "flats", "")

    with pytest.raises(InvalidRequest, match=words):
        back(lake, **given)
    assert deployment(lake).champion_version == "people-3"


def test_an_unknown_model_is_refused_as_unknown(lake: tiny.Lake) -> None:
    with pytest.raises(UnknownModel):
        back(lake, model="poeple")
