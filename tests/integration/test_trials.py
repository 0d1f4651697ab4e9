"""A trial from its begin to its end with real handlers: training, S3, inference, captured lines, the judge."""

from __future__ import annotations

import gzip
import json
import uuid
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.aws.storage import open_store
from refrain.errors import ChallengerChanged, ChampionChanged, InvalidRequest, OutdatedRollback
from refrain.lake.capture.reading import captured_key
from refrain.lake.deployment import Deployment
from refrain.lake.label import write_labels
from refrain.lake.version import version_key
from refrain.serving.registry.registry import registry
from refrain.times import to_iso
from tests.integration.loop import Context, Run, compare, handler, retrain, snapshot_of
from tests.integration.test_decisions import LOGISTIC, STUMP, Shop

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.fake_services import RecordedBus
    from tests.integration.conftest import Aws

ROLLOUT = """[rollout]
mode = "{mode}"
share = {share}
least_rows = {least_rows}
without_labels = "{without_labels}"
least_minutes = 0
most_minutes = {most_minutes}
"""


@dataclass
class Trial:
    """A shop with a champion, in whose definition a better candidate awaits its trial."""

    aws: Aws
    shop: Shop
    capsys: pytest.CaptureFixture[str]
    asked: int = 0

    def prepare(self, mode: str, share: float = 0.3, without_labels: str = "promote", most_minutes: float = 60) -> None:
        """Train a stump, put it into service, and define something better with a trial before it."""
        self.shop.define(STUMP)
        self.shop.sell(600)
        retrain("shop")
        self.shop.define(LOGISTIC, gate=terms(mode, share, without_labels, most_minutes))

    def begin(self, mode: str, **others: Any) -> Run:
        """Compare, and put the better candidate on trial."""
        self.prepare(mode, **others)
        run = compare("shop", reason="a better idea").refit()
        assert run.evaluation["decision"]["promote"]
        assert run.evaluation["rollout"]["mode"] == mode
        self.move(run, "start_trial")
        return run

    def learn(self, mode: str, rows: int, *, wrong: bool = False) -> Run:
        """Put a model into service where trials are asked for, learn more rows of the same recipe, and refit it."""
        self.shop.define(LOGISTIC, gate=terms(mode, 0.4, "keep"))
        self.shop.sell(600)
        assert retrain("shop")["outcome"] == "promoted"
        self.shop.sell(rows, seed=1, wrong=wrong)
        return compare("shop").refit()

    def move(self, run: Run, move: str, **others: Any) -> dict[str, Any]:
        """Call the step that moves the deployment."""
        event = {"move": move, "model": "shop", "run": run.snapshot["run"], **others}
        return handler("retraining/move")(event, None)

    def ask(self, rows: int, at_once: int = 1, **others: Any) -> list[str]:
        """Ask for predictions of rows never asked before, deliver what was captured, return the versions of each."""
        random = np.random.default_rng(100 + self.asked)
        versions: list[str] = []
        for start in range(0, rows, at_once):
            instances = [
                {"price": round(float(price), 4), "size": round(float(size), 4), "colour": "red"} | others
                for price, size in random.normal(size=(min(at_once, rows - start), 2))
            ]
            answer = self.post(instances)
            assert answer["statusCode"] == 200, answer["body"]
            body = json.loads(answer["body"])
            versions += [each.get("version", body["model_version"]) for each in body["predictions"]]
        self.asked += rows
        self.deliver()
        return versions

    def post(self, instances: list[dict[str, Any]]) -> dict[str, Any]:
        """Ask the inference function."""
        event = {
            "httpMethod": "POST",
            "path": "/v1/models/shop:predict",
            "headers": {},
            "body": json.dumps({"instances": instances}),
        }
        return handler("inference")(event, Context())

    def deliver(self) -> None:
        """Bring the captured lines to the lake, as the log subscription does."""
        lines = [line for line in self.capsys.readouterr().out.splitlines() if line.startswith('{"capture"')]
        if lines:
            key = captured_key("shop", datetime.now(UTC), uuid.uuid4().hex)
            open_store(self.aws.lake).write(key, gzip.compress("\n".join(lines).encode()))

    def label(self, is_true: Callable[[Mapping[str, float]], bool]) -> None:
        """Send the true label of every captured row."""
        keys = self.aws.objects("captured/shop/")
        lines = [json.loads(line) for key in keys for line in gzip.decompress(self.aws.read(key)).splitlines()]
        truth = [(row["id"], is_true(row["instance"])) for line in lines for row in line["rows"]]
        write_labels(open_store(self.aws.lake), "shop", truth, datetime.now(UTC))

    def run_out(self) -> None:
        """Let the time of the trial be over."""
        store = open_store(self.aws.lake)
        _, etag = Deployment.read_with_etag(store, "shop")
        document = json.loads(self.aws.read("deployments/shop.json"))
        document["challenger"]["since"] = "2026-01-01T00:00:00Z"
        store.replace("deployments/shop.json", json.dumps(document).encode(), etag)

    def judge(self, run: Run) -> dict[str, Any]:
        """Look at the trial."""
        answer = handler("retraining/judge")({"model": "shop", "run": run.snapshot["run"]}, None)
        judgement: dict[str, Any] = answer["judgement"]
        return judgement

    def end(self, run: Run) -> dict[str, Any]:
        """Look, and do what the judge says."""
        judgement = self.judge(run)
        assert judgement["verdict"] in ("promote", "dismiss"), judgement
        return self.move(run, judgement["verdict"], judgement=judgement)

    @property
    def deployment(self) -> Deployment:
        """What is served."""
        found = Deployment.read(open_store(self.aws.lake), "shop")
        assert found is not None
        return found

    def break_challenger(self) -> None:
        """Plant what training would not make: golden answers that the graph does not give."""
        key = version_key("shop", str(self.deployment.challenger_version), "golden.json")
        golden = json.loads(self.aws.read(key))
        golden["answers"] = [answer[::-1] for answer in golden["answers"]]
        open_store(self.aws.lake).write_json(key, golden)


def terms(mode: str, share: float = 0.3, without_labels: str = "promote", most_minutes: float = 60) -> str:
    """The section of a definition."""
    return ROLLOUT.format(
        mode=mode, share=share, least_rows=200, without_labels=without_labels, most_minutes=most_minutes
    )


def is_bought(instance: Mapping[str, float]) -> bool:
    """What is true in the shop."""
    return instance["price"] > 2 * instance["size"]


@pytest.fixture
def trial(aws: Aws, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Trial]:
    monkeypatch.setenv("REFRAIN_REFRESH_SECONDS", "0")
    registry.cache_clear()
    yield Trial(aws, Shop(aws), capsys)
    registry.cache_clear()


def test_the_first_model_goes_into_service_without_a_trial(trial: Trial) -> None:
    trial.shop.define(STUMP, gate=terms("canary"))
    trial.shop.sell(400)

    run = compare("shop")

    assert run.evaluation["rollout"]["mode"] == "immediate"
    assert run.finish()["outcome"] == "promoted"


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_good_challenger_is_promoted_once_there_is_enough_evidence(trial: Trial, mode: str) -> None:
    run = trial.begin(mode, share=0.4, without_labels="keep")
    stump, logistic = trial.deployment.champion_version, trial.deployment.challenger_version

    assert trial.judge(run)["code"] == "gathering"
    first = trial.ask(150)
    assert trial.judge(run)["verdict"] == "wait"
    versions = Counter(first + trial.ask(150) + trial.ask(500, at_once=50))
    unlabelled = trial.judge(run)
    assert (unlabelled["verdict"], unlabelled["figures"]["labelled"]) == ("wait", 0)
    assert "there are 0 labelled rows of the 100 that are needed" in unlabelled["reason"]
    trial.label(is_bought)
    ended = trial.end(run)

    if mode == "shadow":
        assert versions == {stump: 800}
    else:
        assert set(versions) == {stump, logistic}
        assert 0.3 < versions[str(logistic)] / 800 < 0.5
    assert (ended["outcome"], ended["champion"], ended["trial"]["code"]) == ("promoted", logistic, "proved")
    assert trial.deployment.previous is not None
    assert (trial.deployment.previous.version, trial.deployment.challenger) == (stump, None)
    assert [each["event"] for each in trial.shop.log()] == ["promoted", "trial_started", "promoted"]
    figures = trial.shop.log()[2]["trial"]["figures"]
    assert (figures["rows"], figures["labelled"], figures["failed"]) == (800, 800, 0)
    assert figures["gain_low"] > 0
    assert set(trial.ask(20)) == {logistic}
    report = trial.aws.read(ended["report"].removeprefix(f"s3://{trial.aws.lake}/")).decode()
    assert "The challenger did well on" in report


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_a_refresh_is_tried_where_the_definition_asks_for_trials(trial: Trial, mode: str) -> None:
    run = trial.learn(mode, 120)
    first = trial.deployment.champion_version
    assert (run.evaluation["decision"]["promote"], run.evaluation["rollout"]["mode"]) == (False, mode)
    trial.move(run, "start_trial")
    trial.ask(900, at_once=50)
    trial.label(is_bought)

    ended = trial.end(run)

    assert (ended["outcome"], ended["decision"], ended["trial"]["code"]) == ("refreshed", "not_better", "proved")
    assert trial.deployment.previous and trial.deployment.previous.version == first
    assert trial.deployment.champion_version == f"{run.snapshot['run']}-logistic.refit"
    assert [each["event"] for each in trial.shop.log()] == ["promoted", "trial_started", "refreshed"]
    assert trial.shop.log()[2]["trial"]["code"] == "proved"


@pytest.mark.parametrize(("rows", "looks_better"), [(760, False), (900, True)])
def test_wrong_labels_do_not_serve_untried_whatever_the_gate_says_of_them(
    trial: Trial, rows: int, looks_better: bool
) -> None:
    run = trial.learn("shadow", rows, wrong=True)
    first = trial.deployment.champion_version
    assert run.evaluation["decision"]["promote"] is looks_better
    assert (run.evaluation["refit"]["wanted"], run.evaluation["rollout"]["mode"]) == (True, "shadow")
    trial.move(run, "start_trial")
    trial.ask(900, at_once=50)
    trial.label(is_bought)

    ended = trial.end(run)

    assert ended["outcome"] == "dismissed"
    assert ended["trial"]["code"] in ("worse", "shifted")
    assert trial.deployment.champion_version == first


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_labels_decide_against_a_challenger(trial: Trial, mode: str) -> None:
    run = trial.begin(mode, share=0.5)
    logistic = str(trial.deployment.challenger_version)
    trial.ask(300)
    # The world has turned: the opposite of what both learned is true, and the challenger had been surer of it.
    trial.label(lambda instance: not is_bought(instance))

    ended = trial.end(run)

    assert (ended["outcome"], ended["trial"]["code"]) == ("dismissed", "worse"), ended
    assert ended["champion"] != logistic
    assert "is surely worse" in ended["reason"]


def test_without_labels_the_definition_chooses_and_nothing_is_called_proved(trial: Trial) -> None:
    run = trial.begin("canary", without_labels="keep")
    trial.ask(300)
    assert trial.judge(run)["verdict"] == "wait"
    trial.run_out()
    kept = trial.end(run)
    trial.shop.define(LOGISTIC, gate=terms("canary", without_labels="promote"))
    second = compare("shop", force=True).refit()
    trial.move(second, "start_trial")
    trial.ask(300)
    promoted = trial.end(second)

    assert (kept["outcome"], kept["trial"]["code"]) == ("dismissed", "no_labels")
    assert (promoted["outcome"], promoted["trial"]["code"]) == ("promoted", "unlabelled")
    for ended in (kept, promoted):
        assert "No label came: only failures, speed and the distance of the answers were checked." in ended["reason"]


def test_a_broken_challenger_is_dismissed_at_the_first_judgement_and_not_trained_again_from_the_same_rows(
    trial: Trial,
) -> None:
    run = trial.begin("shadow")
    stump, logistic = trial.deployment.champion_version, trial.deployment.challenger_version
    trial.break_challenger()

    assert set(trial.ask(20)) == {stump}
    ended = trial.end(run)

    assert (ended["outcome"], ended["trial"]["code"], ended["champion"]) == ("dismissed", "broken", stump)
    assert trial.deployment.challenger is None
    assert trial.shop.log()[-1]["event"] == "dismissed"
    with pytest.raises(ChampionChanged, match=f"{logistic} was withdrawn meanwhile"):  # the same step once more
        trial.move(run, "start_trial")
    assert trial.deployment.challenger is None
    assert f"{logistic}, which was withdrawn, learned from these very rows" in snapshot_of("shop")["why"]
    assert snapshot_of("shop", force=True)["enough"]
    trial.shop.sell(50, seed=9)
    assert snapshot_of("shop")["enough"]
    assert "× Dismissed" in trial.aws.read(ended["report"].removeprefix(f"s3://{trial.aws.lake}/")).decode()


def test_a_canary_that_cannot_answer_falls_back_and_is_dismissed(trial: Trial) -> None:
    run = trial.begin("canary", share=0.5)
    stump = trial.deployment.champion_version
    trial.break_challenger()

    assert set(trial.ask(60)) == {stump}

    assert trial.end(run)["trial"]["code"] == "broken"
    assert trial.deployment.champion_version == stump


def test_without_enough_rows_in_its_time_the_champion_stays_and_the_same_rows_may_be_tried_again(trial: Trial) -> None:
    run = trial.begin("shadow", most_minutes=0.05)
    trial.ask(5)
    trial.run_out()

    ended = trial.end(run)

    assert (ended["outcome"], ended["trial"]["code"]) == ("dismissed", "too_few_rows")
    assert snapshot_of("shop")["enough"]


def test_when_the_champion_changes_meanwhile_the_trial_ends_without_harm(trial: Trial) -> None:
    run = trial.begin("shadow")
    trial.ask(250)
    other = compare("shop", force=True)
    winner = other.conclude("promote")["champion"]

    assert trial.judge(run)["verdict"] == "superseded"
    with pytest.raises(ChampionChanged):
        trial.move(run, "promote", judgement=trial.judge(run) | {"verdict": "promote"})
    ended = trial.move(run, "superseded")

    assert (ended["outcome"], ended["champion"]) == ("superseded", winner)
    assert trial.deployment.champion_version == winner


def test_of_two_runs_at_once_one_starts_a_trial_and_the_other_ends_without_harm(trial: Trial) -> None:
    run = trial.begin("shadow")
    other = compare("shop", force=True)

    with pytest.raises(ChallengerChanged, match="is on trial, not"):
        trial.move(other, "start_trial")
    ended = trial.move(other, "superseded")

    assert ended["outcome"] == "superseded"
    assert "is on trial" in ended["reason"]
    assert str(trial.deployment.challenger_version).startswith(run.snapshot["run"])


def test_a_challenger_whose_time_is_over_makes_room(trial: Trial) -> None:
    run = trial.begin("shadow")
    other = compare("shop", force=True)
    document = json.loads(trial.aws.read("deployments/shop.json"))
    document["challenger"]["until"] = "2026-01-01T00:00:00Z"
    open_store(trial.aws.lake).write_json("deployments/shop.json", document)

    trial.move(other, "start_trial")

    assert str(trial.deployment.challenger_version).startswith(other.snapshot["run"])
    assert trial.judge(run)["verdict"] == "superseded"


@pytest.mark.parametrize("verdict", ["promote", "dismiss"])
def test_every_move_may_come_twice(trial: Trial, bus: RecordedBus, verdict: str) -> None:
    run = trial.begin("shadow")
    assert trial.move(run, "start_trial") == trial.move(run, "start_trial")
    trial.ask(220)
    judgement = trial.judge(run) | {"verdict": verdict}

    first = trial.move(run, verdict, judgement=judgement)
    logged = trial.shop.log()

    assert trial.move(run, verdict, judgement=judgement) == first
    assert trial.shop.log() == logged
    sent = [name for name, _ in bus.events if name != "Promoted" or verdict == "promote"]
    ended = {"promote": "Promoted", "dismiss": "Dismissed"}[verdict]
    assert sent[-4:] == ["TrialStarted", "TrialStarted", ended, ended]
    assert bus.events[-1] == bus.events[-2]


def test_a_challenger_that_could_not_be_judged_is_taken_back(trial: Trial) -> None:
    run = trial.begin("canary")

    ended = trial.move(run, "dismiss", at="2026-11-23T12:00:00.123Z")

    assert (ended["outcome"], ended["trial"]["code"]) == ("dismissed", "unjudged")
    assert trial.deployment.challenger is None
    with pytest.raises(InvalidRequest, match="at: expected an ISO 8601 time"):
        trial.move(run, "dismiss")


def test_a_rollback_ends_a_trial_and_the_bad_version_does_not_come_back_by_itself(trial: Trial) -> None:
    run = trial.begin("shadow")
    trial.ask(250)
    bad = trial.end(run)["champion"]
    request = {"model": "shop", "action": "rollback", "reason": "customers complain"}
    event = {"move": "roll_back", "request": request, "execution": "e", "started_at": "2026-11-23T12:00:00.5Z"}

    with pytest.raises(OutdatedRollback, match=f"{bad} is in service since .* start it again"):
        handler("retraining/move")(event, None)
    event["started_at"] = to_iso(datetime.now(UTC), "milliseconds")

    answer = handler("retraining/move")(event, None)

    assert (answer["instead_of"], answer["champion"]) == (bad, trial.deployment.champion_version)
    assert trial.deployment.champion_version != bad
    assert set(trial.ask(5)) == {answer["champion"]}
    assert f"{bad}, which was withdrawn" in snapshot_of("shop")["why"]
