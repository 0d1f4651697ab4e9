"""What a retraining run decides, with real uploads, real training and real exports: each case of the gate."""

from __future__ import annotations

import html
import json
import weakref
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from refrain.aws.storage import open_store
from refrain.errors import ChampionChanged
from refrain.evaluation import entrants
from refrain.evaluation.loading_process import OutOfMemory, measure_loading
from refrain.lake.compared_counts import ComparedCounts
from refrain.lake.deployment import Deployment
from refrain.lake.evaluation import Evaluation
from refrain.lake.footprint import Footprint
from refrain.lake.version import Manifest
from refrain.model.tabular import TabularModel
from tests.integration.conftest import guess_footprint
from tests.integration.loop import compare, handler, retrain, snapshot_of, upload

if TYPE_CHECKING:
    from refrain.lake.version import VersionFiles
    from tests.fake_services import RecordedBus
    from tests.integration.conftest import Aws

LOGISTIC = '{ name = "logistic", estimator = "sklearn.linear_model.LogisticRegression" }'
STUMP = '{ name = "stump", estimator = "sklearn.tree.DecisionTreeClassifier", max_depth = 1 }'
FOREST = (
    '{ name = "forest", estimator = "sklearn.ensemble.RandomForestClassifier", features = "codes", n_estimators = 20 }'
)
WRONG = '{ name = "wrong", estimator = "sklearn.linear_model.LogisticRegression", solver = "abacus" }'
DEFINITION = """
task = "classification"
target = "bought"
[columns]
price = {{ type = "number" }}
size = {{ type = "number" }}
colour = {{ type = "category" }}
bought = {{ type = "boolean" }}
[training]
split = "{split}"
candidates = [{candidates}]
[gate]
{gate}
"""


class Shop:
    """A model whose definition can change between runs."""

    model = "shop"

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.define(LOGISTIC)

    def define(self, *candidates: str, gate: str = "", split: str = "hash") -> None:
        """Let a definition count."""
        self.definition = DEFINITION.format(candidates=", ".join(candidates), gate=gate, split=split)
        self.aws.define("shop", self.definition)

    def sell(
        self,
        rows: int,
        *,
        seed: int = 0,
        missing: float = 0.0,
        only: bool | None = None,
        order: int = 1,
        wrong: bool = False,
    ) -> None:
        """Upload rows: what is bought follows price and size, with noise; where they are wrong, the other way round."""
        random = np.random.default_rng(seed)
        price, size = random.normal(size=(2, rows))
        bought = (price - 2 * size + random.normal(scale=0.8, size=rows) > 0) if only is None else np.full(rows, only)
        gone = random.random((2, rows)) < missing
        table: list[dict[str, Any]] = [
            {
                "price": "" if gone[0][row] else round(float(price[row]), 6),
                "size": "" if gone[1][row] else round(float(size[row]), 6),
                "colour": ["red", "blue", "green"][row % 3],
                "bought": str(bool(bought[row]) is not wrong),
            }
            for row in range(rows)
        ]
        upload(self.aws, f"shop/{seed}-{rows * order}.csv", table[::order])

    @property
    def champion(self) -> str | None:
        """Who is in service."""
        deployment = Deployment.read(open_store(self.aws.lake), self.model)
        return deployment.champion_version

    def log(self) -> list[dict[str, Any]]:
        """Read the deployment log."""
        return [json.loads(self.aws.read(key)) for key in self.aws.objects("deployments/shop/log/")]


@pytest.fixture
def shop(aws: Aws) -> Shop:
    return Shop(aws)


def test_the_first_model_above_the_floor_goes_into_service(shop: Shop) -> None:
    shop.define(LOGISTIC, STUMP, gate="min_metric = 0.8")
    shop.sell(400)

    ended = retrain("shop", reason="first data")

    assert (ended["outcome"], ended["decision"]) == ("promoted", "first_model")
    assert shop.champion == ended["champion"]
    assert str(shop.champion).endswith("-logistic.refit")
    entry = shop.log()[0]
    assert (entry["version"], entry["because"]) == (shop.champion, "first data")
    assert entry["figures"]["logistic"] > entry["figures"]["stump"]
    report = shop.aws.read(ended["report"].removeprefix(f"s3://{shop.aws.lake}/")).decode()
    assert "logistic is the first model in service" in report
    evaluation = Evaluation.read(open_store(shop.aws.lake), "shop", ended["run"])
    importance = {item.figures.name: [feature.feature for feature in item.importance] for item in evaluation.candidates}
    assert importance == {"logistic": ["size", "price", "colour"], "stump": []}, "only the one in focus is looked at"
    assert ended["checks"] == ["useless_features"]
    assert "logistic answers as well without 1 of 3 features: colour." in report


def test_method_checks_warn_in_the_report_and_as_an_event_and_stop_nothing(shop: Shop, bus: RecordedBus) -> None:
    shop.sell(400)
    shop.sell(400, order=-1)

    ended = retrain("shop")

    assert ended["outcome"] == "promoted"
    assert ended["checks"][0] == "copies"
    event = next(detail for name, detail in bus.events if name == "MethodChecksWarned")
    assert [finding["code"] for finding in event["findings"]] == ["REF-301"]
    assert event["findings"][0]["sentence"] == event["summary"]
    report = shop.aws.read(ended["report"].removeprefix(f"s3://{shop.aws.lake}/")).decode()
    assert html.escape(event["summary"]) in report


def test_a_better_candidate_replaces_the_champion_which_is_remembered(shop: Shop) -> None:
    shop.define(STUMP)
    shop.sell(400)
    retrain("shop")
    first = shop.champion
    shop.define(LOGISTIC)

    ended = retrain("shop")

    assert (ended["outcome"], ended["decision"]) == ("promoted", "better")
    deployment = Deployment.read(open_store(shop.aws.lake), "shop")
    assert deployment is not None
    assert deployment.previous is not None
    assert deployment.previous.version == first
    assert len(shop.log()) == 2


def compared_in(shop: Shop, ended: dict[str, Any]) -> Evaluation:
    return Evaluation.read(open_store(shop.aws.lake), "shop", ended["run"])


@pytest.mark.parametrize(("candidates", "stand_in"), [([LOGISTIC, STUMP], "logistic"), ([STUMP], "champion-again")])
def test_a_champion_that_has_learned_the_holdout_is_stood_for_by_its_recipe(
    shop: Shop, candidates: list[str], stand_in: str
) -> None:
    # Given a champion, and a split that now holds out rows that it has learned
    shop.sell(400)
    retrain("shop")
    shop.define(*candidates, split="upload")

    ended = retrain("shop")

    # Then its recipe was compared, which lost to nobody, and the report says so
    evaluation = compared_in(shop, ended)
    assert ended["outcome"] != "promoted"
    assert (evaluation.compared.stand_in, evaluation.compared.rows, evaluation.compared.favoured) == (stand_in, 80, "")
    assert evaluation.champion is not None
    assert evaluation.champion.figures.judged == f"{ended['run']}-{stand_in}"
    assert [candidate.figures.name for candidate in evaluation.candidates] == [
        each.split('"')[1] for each in candidates
    ]
    report = shop.aws.read(ended["report"].removeprefix(f"s3://{shop.aws.lake}/")).decode()
    assert "So its recipe stands for it" in report


def test_where_the_recipe_cannot_be_fitted_again_the_champion_is_favoured_and_that_is_said(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    shop.define(STUMP, split="upload")
    run = compare("shop", refused={"champion-again": "there is no such estimator any more"})

    evaluation = compared_in(shop, run.snapshot)

    assert evaluation.compared == ComparedCounts(80, favoured="there is no such estimator any more")
    assert evaluation.champion is not None
    assert evaluation.champion.figures.version == shop.champion


def test_a_candidate_that_is_not_better_leaves_the_champion(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    first = shop.champion
    shop.define(STUMP)

    ended = retrain("shop")

    assert (ended["outcome"], ended["decision"], shop.champion) == ("kept", "not_better", first)
    assert len(shop.log()) == 1


def test_the_same_recipe_on_more_data_is_no_better_model_and_refreshes_the_champion(shop: Shop) -> None:
    shop.sell(300)
    retrain("shop")
    first = shop.champion
    shop.sell(30, seed=1)
    shop.define(LOGISTIC.replace("logistic", "namesake"), LOGISTIC)

    ended = retrain("shop")

    assert (ended["decision"], ended["outcome"]) == ("not_better", "refreshed")
    assert shop.champion == ended["champion"] != first
    assert [entry["event"] for entry in shop.log()] == ["promoted", "refreshed"]
    manifest = Manifest.read(open_store(shop.aws.lake), "shop", str(shop.champion))
    assert manifest.judged == str(shop.champion).removesuffix(".refit")
    evaluation = Evaluation.read(open_store(shop.aws.lake), "shop", ended["run"])
    assert str(evaluation.decision.focus).endswith("-namesake")
    twin = evaluation.summary_of(manifest.judged)
    assert twin is not None
    assert twin.importance, "monitoring asks what the refreshed champion relies on"


def test_no_candidate_under_the_floor_goes_into_service(shop: Shop) -> None:
    shop.define(LOGISTIC, STUMP, gate="min_metric = 0.999")
    shop.sell(400)

    ended = retrain("shop")

    assert (ended["outcome"], ended["decision"], shop.champion) == ("kept", "all_refused", None)
    assert not shop.log()


def test_a_forest_that_the_converter_breaks_is_refused_and_the_run_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("refrain.training.converters.trees.ROUTES", "nothing, as skl2onnx has it")
    shop.define(FOREST, STUMP)
    shop.sell(600, missing=0.3)

    run = compare("shop")
    ended = run.finish()

    evaluation = json.loads(shop.aws.read(run.evaluation["evaluation"]))
    verdicts = {each["name"]: each["code"] for each in evaluation["decision"]["verdicts"]}
    assert verdicts == {"forest": "parity_broken", "stump": "promoted"}
    forest = evaluation["candidates"][0]["figures"]
    assert forest["parity"]["differing"] > 0
    assert str(ended["champion"]).endswith("-stump.refit")


def test_a_version_that_inference_cannot_hold_is_refused_with_what_to_do_and_the_run_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entrants, "measure_loading", measure_loading)
    shop.define(LOGISTIC, FOREST.replace("20 }", "300 }"), gate="max_memory_mb = 8")
    shop.sell(600)

    run = compare("shop")

    evaluation = Evaluation.from_json(json.loads(shop.aws.read(run.evaluation["evaluation"])))
    verdicts = {verdict.name: verdict for verdict in evaluation.decision.verdicts}
    assert {name: verdict.code for name, verdict in verdicts.items()} == {"logistic": "promoted", "forest": "too_large"}
    assert "in inference, where gate.max_memory_mb allows 8.0 MB: train fewer trees" in verdicts["forest"].reason
    assert all(item.figures.footprint and item.figures.value for item in evaluation.candidates)
    report = shop.aws.read(run.finish()["report"].removeprefix(f"s3://{shop.aws.lake}/")).decode()
    assert "refused: too large" in report


def test_a_version_is_measured_once_and_what_it_takes_stays_with_it(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell(400)
    retrain("shop")
    footprint = Footprint.read(open_store(shop.aws.lake), "shop", str(shop.champion))
    measured: list[str] = []

    def measure(files: VersionFiles) -> Footprint:
        measured.append(files.manifest.candidate)
        return guess_footprint(files)

    monkeypatch.setattr(entrants, "measure_loading", measure)
    shop.define(STUMP)

    run = compare("shop")

    assert measured == ["stump"]
    evaluation = Evaluation.from_json(json.loads(shop.aws.read(run.evaluation["evaluation"])))
    assert evaluation.champion
    assert evaluation.champion.figures.footprint == footprint


def test_a_candidate_that_evaluation_has_no_memory_for_is_refused_and_the_run_goes_on(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def measure(files: VersionFiles) -> Footprint:
        if files.manifest.candidate == "forest":
            raise OutOfMemory(files.manifest.version, 2_082_000_000)
        return Footprint(1_000_000, 1_000_000, 0.1)

    monkeypatch.setattr(entrants, "measure_loading", measure)
    shop.define(LOGISTIC, FOREST)
    shop.sell(400)

    run = compare("shop")

    evaluation = json.loads(shop.aws.read(run.evaluation["evaluation"]))
    verdicts = {verdict["name"]: verdict for verdict in evaluation["decision"]["verdicts"]}
    assert {name: verdict["code"] for name, verdict in verdicts.items()} == {
        "logistic": "promoted",
        "forest": "too_large",
    }
    reason = "forest would hold more than 1,986 MB in inference, which has 1,769 MB and so 616 MB for one version"
    assert verdicts["forest"]["reason"].startswith(f"{reason}: train fewer trees, or set max_leaf_nodes")
    assert run.finish()["outcome"] == "promoted"


def test_no_candidate_is_promoted_because_evaluation_has_no_memory_for_the_champion(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell(400)
    retrain("shop")
    shop.aws.s3.delete_object(Bucket=shop.aws.lake, Key=Footprint.key("shop", str(shop.champion)))

    def measure(files: VersionFiles) -> Footprint:
        raise OutOfMemory(files.manifest.version, 2_082_000_000)

    monkeypatch.setattr(entrants, "measure_loading", measure)
    shop.define(STUMP)

    with pytest.raises(OutOfMemory, match="give evaluation more memory"):
        compare("shop")


def test_evaluation_holds_one_version_at_a_time(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded: list[weakref.ref[TabularModel]] = []
    load = TabularModel.load

    def loading(*arguments: Any) -> TabularModel:
        assert [earlier for earlier in loaded if earlier()] == []
        model = load(*arguments)
        loaded.append(weakref.ref(model))
        return model

    monkeypatch.setattr(TabularModel, "load", loading)
    shop.define(LOGISTIC, STUMP)
    shop.sell(400)

    compare("shop")

    assert len(loaded) == 4  # each is loaded to be asked, the best one for what it relies on and to be checked


def test_of_two_runs_at_once_one_promotes_and_the_other_ends_without_harm(shop: Shop) -> None:
    shop.sell(400)
    one, other = compare("shop"), compare("shop", force=True)

    assert one.finish()["outcome"] == "promoted"
    first = shop.champion
    with pytest.raises(ChampionChanged):
        other.conclude("promote")
    ended = other.finish()

    assert (ended["outcome"], ended["champion"], shop.champion) == ("superseded", first, first)
    assert ended["reason"].startswith(f"Another run was faster: {first} went into service")
    assert len(shop.log()) == 1


def test_promoting_again_after_a_crash_changes_nothing(shop: Shop, bus: RecordedBus) -> None:
    shop.sell(400)
    run = compare("shop")
    first = run.finish()

    assert run.finish() == first
    assert len(shop.log()) == 1
    first_event, second_event = bus.events
    assert first_event == second_event


def test_promoting_again_after_a_rollback_does_not_undo_it(shop: Shop) -> None:
    """As a retry does whose first attempt succeeded unheard, or a run that people redrive."""
    shop.define(STUMP)
    shop.sell(400)
    stump = retrain("shop")["champion"]
    shop.define(LOGISTIC)
    run = compare("shop")
    logistic = run.finish()["champion"]
    request = {"model": "shop", "action": "rollback", "reason": "complaints"}
    event = {"move": "roll_back", "request": request, "execution": "back", "started_at": datetime.now(UTC).isoformat()}
    assert handler("retraining/move")(event, None)["champion"] == stump

    with pytest.raises(ChampionChanged, match=f"{logistic} was withdrawn meanwhile"):
        run.conclude("promote")
    ended = run.finish()

    assert (ended["outcome"], ended["champion"], shop.champion) == ("superseded", stump, stump)
    assert ended["reason"].startswith(f"{logistic} was withdrawn meanwhile")
    assert [each["event"] for each in shop.log()] == ["promoted", "promoted", "rolled_back"]


def test_a_broken_champion_is_replaced_and_not_compared(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    shop.aws.s3.delete_object(Bucket=shop.aws.lake, Key=f"versions/shop/{shop.champion}/model.onnx")
    shop.define(STUMP)

    ended = retrain("shop")

    assert (ended["outcome"], ended["decision"]) == ("promoted", "champion_failed")


def test_candidates_that_cannot_be_trained_are_told_apart(shop: Shop, bus: RecordedBus) -> None:
    shop.define(WRONG, LOGISTIC)
    shop.sell(400)

    run = compare("shop")

    failed = run.evaluation["candidates"][0]
    assert "abacus" in failed["error"]
    assert run.finish()["outcome"] == "promoted"
    (_, failures), (name, promotion) = bus.events
    assert failures["failures"] == {failed["name"]: failed["error"]}
    assert (name, promotion["champion"], promotion["run"]) == ("Promoted", shop.champion, run.evaluation["run"])


def test_when_all_candidates_fail_the_champion_stays(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    first = shop.champion
    shop.define(WRONG)

    ended = retrain("shop")

    assert (ended["outcome"], ended["decision"], shop.champion) == ("kept", "all_failed", first)


@pytest.mark.parametrize(
    ("sold", "why"),
    [
        ([], "no rows of shop were uploaded"),
        ([{"rows": 60}], "there are 60 rows, and 100 are needed"),
        ([{"rows": 200, "only": True}], "have the same bought, true: there is nothing to tell apart"),
    ],
    ids=["nothing", "too little", "one class only"],
)
def test_without_enough_to_learn_from_a_run_says_why(shop: Shop, sold: list[dict[str, Any]], why: str) -> None:
    for rows in sold:
        shop.sell(**rows)

    snapshot = snapshot_of("shop")

    assert not snapshot["enough"]
    assert why in snapshot["why"]


def test_nothing_new_is_no_reason_to_train_unless_forced(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")

    assert "nothing is new" in snapshot_of("shop")["why"]
    assert snapshot_of("shop", force=True)["enough"]
    shop.sell(50, seed=1)
    assert snapshot_of("shop")["enough"]


def test_a_champion_of_an_older_definition_is_compared_as_it_is_served(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    shop.aws.define("shop", shop.definition.replace('size = { type = "number" }\n', ""))

    ended = retrain("shop")

    assert ended["decision"] in {"not_better", "better"}
    assert ended["figures"]["champion"] is not None
