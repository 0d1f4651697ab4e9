"""Trials, promotions and rollbacks on the local cloud under steady requests, none of which may fail."""

from __future__ import annotations

import json
import random
import threading
import time
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.app import main
from cli.exit_codes import DONE, REFUSED
from local.cloud import Cloud
from local.stack_client import StackClient
from refrain.times import to_iso

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEFINITION = """
task = "classification"
target = "bought"
key = ["customer"]
[columns]
customer = {{ type = "category" }}
price = {{ type = "number" }}
size = {{ type = "number" }}
bought = {{ type = "boolean" }}
[training]
candidates = [{candidate}]
[rollout]
{rollout}
"""
STUMP = '{ name = "stump", estimator = "sklearn.tree.DecisionTreeClassifier", max_depth = 1 }'
LOGISTIC = '{ name = "logistic", estimator = "sklearn.linear_model.LogisticRegression" }'
TRIAL = (
    'mode = "{mode}"\nshare = 0.5\nleast_rows = {least_rows}\nwithout_labels = "promote"\nleast_minutes = 0\n'
    "most_minutes = 1.5"
)
REFRESH = 5
"""Seconds after which every process serves the latest move (the template's default)."""
LOOK = ["Wait for evidence", "Judge the challenger", "How did it do?"]


@dataclass
class Callers:
    """Several callers that request predictions for their own customers without a pause, and record the answers."""

    client: StackClient
    statuses: Counter[int] = field(default_factory=Counter)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    slowest: float = 0.0
    failures: list[Any] = field(default_factory=list)
    _stop: threading.Event = field(default_factory=threading.Event)
    _threads: list[threading.Thread] = field(default_factory=list)

    def __enter__(self) -> Callers:
        """Start the callers."""
        self._threads = [threading.Thread(target=self._ask, args=(number,)) for number in range(3)]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """Stop the callers."""
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def versions_by_customer(self, since: str, until: str) -> dict[str, set[str]]:
        """Return the versions that answered for each customer between two times (as in the log)."""
        versions: dict[str, set[str]] = {}
        for customer, time_, version in self.seen:
            if since < time_ < until:
                versions.setdefault(customer, set()).add(version)
        return versions

    def _ask(self, caller: int) -> None:
        draw = random.Random(caller)
        while not self._stop.is_set():
            instances = [
                {"customer": f"c{caller}-{draw.randrange(40)}", "price": draw.gauss(0, 1), "size": draw.gauss(0, 1)}
                for _ in range(4)
            ]
            status, answer, milliseconds = self.client.predict("shop", instances)
            self.statuses[status] += 1
            self.slowest = max(self.slowest, milliseconds)
            if status != 200:
                self.failures.append(answer)
                continue
            self.ids += answer["prediction_ids"]
            for instance, prediction in zip(instances, answer["predictions"], strict=True):
                version = prediction.get("version", answer["model_version"])
                self.seen.append((str(instance["customer"]), to_iso(datetime.now(UTC), "milliseconds"), version))
            time.sleep(0.02)


@dataclass
class World:
    """A local cloud with one model, whose definition can be replaced."""

    client: StackClient
    models: Path

    def define(self, candidate: str, rollout: str) -> None:
        """Apply another definition."""
        path = self.models / "shop.toml"
        path.write_text(DEFINITION.format(candidate=candidate, rollout=rollout))
        self.client.apply(path)

    def run(self, **request: Any) -> tuple[list[str], dict[str, Any]]:
        """Run the state machine to its end; return its states and its description."""
        return self.follow(self.start(**request))

    def start(self, **request: Any) -> str:
        """Start the state machine."""
        return self.client.start({"model": "shop", **request})

    def follow(self, execution: str) -> tuple[list[str], dict[str, Any]]:
        """Wait for the end of a run."""
        *_, last = self.client.states(execution)
        states = [event["stateEnteredEventDetails"]["name"] for event in last if "stateEnteredEventDetails" in event]
        return states, self.client.describe(execution)

    def deployment(self) -> dict[str, Any]:
        """Read the deployment."""
        deployment: dict[str, Any] = json.loads(self.client.lake("deployments/shop.json"))
        return deployment

    def history(self, query: str = "") -> dict[str, Any]:
        """Ask the API for the history."""
        address = f"{self.client.stack['api_url']}/v1/models/shop/history{query}"
        request = urllib.request.Request(address, headers={"x-api-key": self.client.stack["api_key"]})
        with urllib.request.urlopen(request, timeout=60) as answer:
            history: dict[str, Any] = json.loads(answer.read())
        return history


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, template: Path | None) -> Iterator[World]:
    """A cloud for this module with a poor champion in service."""
    folder = tmp_path_factory.mktemp("cloud")
    models = folder / "definitions"
    models.mkdir()
    draw = random.Random(7)
    lines = ["customer,price,size,bought"]
    for number in range(800):
        price, size = draw.gauss(0, 1), draw.gauss(0, 1)
        lines.append(f"c{number},{price:.5f},{size:.5f},{price - 2 * size + draw.gauss(0, 0.8) > 0}")
    (models / "shop.toml").write_text(DEFINITION.format(candidate=STUMP, rollout=""))
    with Cloud(folder=folder, models=models, template=template) as cloud:
        world = World(StackClient(cloud), models)
        world.client.upload("shop/first.csv", "\n".join(lines).encode())
        assert world.client.receipt("shop/first.csv")["status"] == "kept"
        states, ended = world.run()
        assert json.loads(ended["output"])["outcome"] == "promoted", states
        yield world


def test_no_request_fails_during_shadow_canary_rollback_and_a_broken_challenger(world: World) -> None:
    poor = world.deployment()["champion"]["version"]
    with Callers(world.client) as callers:
        # When a better model is tried as a shadow, it is promoted after its trial.
        world.define(LOGISTIC, TRIAL.format(mode="shadow", least_rows=150))
        states, ended = world.run(reason="better")
        good = json.loads(ended["output"])["champion"]
        assert states[-2:] == ["How did it do?", "Promote the challenger"], ended
        assert states[states.index("Better?") + 1 :][:4] == ["Start a trial", *LOOK]
        assert good.endswith("-logistic.refit")
        assert {version for _, _, version in callers.seen} <= {poor, good}

        # When a person rolls back, the version before serves, and the same rows do not train a successor again.
        states, ended = world.run(action="rollback", reason="complaints")
        assert states == ["Which action?", "Roll back"]
        assert json.loads(ended["output"])["champion"] == poor
        states, ended = world.run()
        assert states[-1] == "Nothing to learn from"
        assert f"{good}, which was withdrawn" in json.loads(ended["output"])["why"]

        # When it is tried as a canary, every customer gets one version once all processes know the trial.
        world.define(LOGISTIC, TRIAL.format(mode="canary", least_rows=2000))
        states, ended = world.run(force=True)
        canary = json.loads(ended["output"])["champion"]
        assert (states[-1], canary.endswith("-logistic.refit")) == ("Promote the challenger", True), ended
        tried, promoted = (datetime.fromisoformat(move["time"]) for move in world.history()["moves"][-2:])
        heard = to_iso(tried + timedelta(seconds=REFRESH + 1), "milliseconds")
        answered_by = callers.versions_by_customer(heard, to_iso(promoted, "milliseconds"))
        assert len(answered_by) > 50
        assert {tuple(versions) for versions in answered_by.values()} == {(poor,), (canary,)}
        assert world.history(f"?at={heard}")["challenger"] == {"version": canary, "mode": "canary", "share": 0.5}

        # When a challenger is broken, it answers no caller and is dismissed.
        states, ended = world.run(action="rollback")
        assert json.loads(ended["output"])["champion"] == poor, ended
        execution = world.start(force=True)
        broken = _break_challenger(world)
        states, ended = world.follow(execution)
        assert states[-1] == "Dismiss the challenger"
        output = json.loads(ended["output"])
        assert (output["outcome"], output["trial"]["code"], output["champion"]) == ("dismissed", "broken", poor)
        assert world.deployment()["challenger"] is None
        assert broken in {withdrawn["version"] for withdrawn in world.deployment()["withdrawn"]}

    assert set(callers.statuses) == {200}, callers.failures[:3]
    assert callers.statuses[200] > 300
    print(f"{callers.statuses[200]} requests, none failed; the slowest took {callers.slowest:.0f} ms")


def _break_challenger(world: World) -> str:
    """Write wrong golden answers as soon as there is a challenger."""
    s3 = world.client._s3
    bucket = world.client.stack["lake_bucket"]

    end = time.monotonic() + 60
    while time.monotonic() < end:
        challenger = world.deployment()["challenger"]
        if challenger:
            key = f"versions/shop/{challenger['version']}/golden.json"
            golden = json.loads(world.client.lake(key))
            golden["answers"] = [answer[::-1] for answer in golden["answers"]]
            s3.put_object(Bucket=bucket, Key=key, Body=json.dumps(golden).encode())
            return str(challenger["version"])
        time.sleep(0.05)
    raise AssertionError("no trial started")


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"action": "rollback", "version": "nothing"}, "InvalidRequest", "has no version 'nothing'; known are"),
        ({"action": "undo"}, "InvalidRequest", "action: expected promote, dismiss or rollback"),
        ({"model": "shpo", "action": "rollback"}, "UnknownModel", "no model is named 'shpo'"),
    ],
)
def test_an_impossible_rollback_is_refused_with_a_reason(
    world: World, request_: dict[str, Any], error: str, words: str
) -> None:
    states, ended = world.run(**request_)

    assert states == ["Which action?", "Roll back", "Refused"]
    assert (ended["status"], ended["error"]) == ("FAILED", error)
    assert words in ended["cause"]


def test_nothing_goes_into_service_before_somebody_agrees(
    world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("cli.stack_choice.choose_stack", lambda _: world.client.origin)
    before = world.deployment()["champion"]["version"]
    world.define(LOGISTIC, "approval = true")

    # While a run waits, the champion stays; a second answer, and one without a question, are refused.
    execution = world.start(force=True)
    _wait_for_question(world, answered=0)
    assert world.deployment()["champion"]["version"] == before
    assert main(["dismiss", "shop", "--reason", "not on a Friday"]) == DONE
    assert "dismissed: " in capsys.readouterr().out
    assert main(["promote", "shop"]) == REFUSED
    assert "no run of shop waits for approval" in capsys.readouterr().err
    states, ended = world.follow(execution)
    output = json.loads(ended["output"])
    assert states[-3:] == ["Ask for approval", "Approved?", "Dismiss the unapproved version"]
    assert (output["outcome"], output["champion"]) == ("dismissed", before)
    assert "not on a Friday" in output["reason"]

    # Where nobody answers, the run ends by itself.
    world.define(LOGISTIC, "approval = true\napproval_hours = 0.001")
    states, ended = world.run(force=True)
    assert states[-2:] == ["Ask for approval", "Dismiss the unapproved version"]
    assert json.loads(ended["output"])["champion"] == before

    # Where somebody agrees, the run goes on, and the log names the execution that answered.
    world.define(LOGISTIC, "approval = true")
    execution = world.start(force=True)
    _wait_for_question(world, answered=2)
    assert main(["promote", "shop", "--reason", "checked", "--json"]) == DONE
    assert json.loads(capsys.readouterr().out)["outcome"] == "approved"
    states, ended = world.follow(execution)
    champion = json.loads(ended["output"])["champion"]
    assert states[-2] == "Approved?", ended
    assert champion != before
    assert "approved by" in world.deployment()["last"]["by"]

    # A version is promoted by hand without a run.
    assert main(["promote", "shop", before]) == DONE
    assert world.deployment()["champion"]["version"] == before


def _wait_for_question(world: World, answered: int) -> None:
    """Wait until a run asks, beside the questions that are answered already."""
    end = time.monotonic() + 120
    while len(world.client.keys("approvals/shop/")) <= answered:
        assert time.monotonic() < end, "no run asks"
        time.sleep(0.2)


def test_the_history_names_the_version_of_a_prediction(world: World) -> None:
    _, answer, _ = world.client.predict("shop", [{"customer": "late", "price": 1.0, "size": 0.0}])
    (prediction,) = answer["prediction_ids"]
    # A process that does not know the end of a trial yet may let the challenger answer, and names it.
    version = answer["predictions"][0].get("version", answer["model_version"])

    end, details = time.monotonic() + 20, {"source": ""}
    while details["source"] != "captured" and time.monotonic() < end:
        time.sleep(0.5)
        details = world.history(f"?prediction={prediction}")

    assert (details["model_version"], details["source"]) == (version, "captured")
