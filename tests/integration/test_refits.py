"""What serves was fitted again on all rows: what becomes of a refit, and what serves when one fails."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from preprocessing import Rollout
from refrain.aws.storage import open_store
from refrain.conformal import error_bound
from refrain.errors import ChallengerChanged, NotFound
from refrain.evaluation import entrants, refit_verdict
from refrain.evaluation.loading_process import OutOfMemory
from refrain.lake.calibration_errors import CalibrationErrors
from refrain.lake.deployment import Deployment, Served
from refrain.lake.deployment_moves import set_challenger
from refrain.lake.evaluation import Evaluation
from refrain.lake.learned_rows import read_learned_hashes, read_row_hashes
from refrain.lake.snapshot import read_refit_answers, write_refit_answers
from refrain.lake.version import Golden, Manifest, version_key
from refrain.monitoring.served_version import read_served_version
from refrain.statistics.metrics import METRICS
from tests.integration.conftest import guess_footprint
from tests.integration.loop import compare, handler, retrain, snapshot_of
from tests.integration.test_decisions import LOGISTIC, STUMP, Shop, shop

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.lake.footprint import Footprint
    from refrain.lake.version import VersionFiles
    from tests.fake_services import RecordedBus
    from tests.integration.loop import Run

__all__ = ["shop"]


def evaluation_of(shop: Shop, run: Run) -> Evaluation:
    return Evaluation.read(open_store(shop.aws.lake), "shop", run.evaluation["run"])


def refitted(run: Run) -> str:
    return f"{run.evaluation['run']}-{run.evaluation['refit']['candidate']}.refit"


BOOSTING = '{ name = "boosting", estimator = "sklearn.ensemble.HistGradientBoostingClassifier", max_iter = 20 }'


@pytest.mark.parametrize("candidate", [LOGISTIC, BOOSTING])
def test_what_is_promoted_learned_all_rows_and_its_twin_was_judged(shop: Shop, candidate: str) -> None:
    shop.define(candidate)
    shop.sell(400)

    run = compare("shop")
    ended = run.finish()

    store, version = open_store(shop.aws.lake), str(shop.champion)
    assert ended["refit"]["code"] == "proved"
    assert version == refitted(run)
    manifest = Manifest.read(store, "shop", version)
    assert manifest.judged == version.removesuffix(".refit")
    assert len(read_learned_hashes(store, "shop", version)) == 400
    assert np.array_equal(
        read_learned_hashes(store, "shop", manifest.judged),
        np.sort(read_row_hashes(store, "shop", manifest.run, ["train"])),
    )
    report = shop.aws.read(ended["report"].removeprefix(f"s3://{shop.aws.lake}/")).decode()
    assert "fitted again on all rows, answers like its judged twin" in report
    assert f"versions/shop/{version}/report.html" in ended["report"]


def test_monitoring_expects_of_a_refitted_version_what_its_twin_showed(shop: Shop) -> None:
    shop.sell(400)
    ended = retrain("shop")

    served = read_served_version(
        open_store(shop.aws.lake), "shop", Served(ended["champion"], "2026-11-30T12:00:00Z", "roc_auc", None)
    )

    assert served.evaluated is not None
    assert served.evaluated.figures.version == ended["champion"].removesuffix(".refit")
    assert served.baseline.rows == 400
    assert served.baseline.predictions.rows < 400
    rows = served.judged_rows
    assert rows is not None and rows.times is None and rows.matrix.shape == (len(rows), 3)
    assert served.evaluated.metrics["roc_auc"] == pytest.approx(METRICS["roc_auc"].value(rows.truth, rows.answers))
    errors = CalibrationErrors.read(open_store(shop.aws.lake), "shop", ended["champion"].removesuffix(".refit"))
    assert errors.rows == len(errors.ranked) == len(rows)
    told = served.evaluated.uncertainty
    assert told is not None and told.labels is not None and 1 <= told.labels <= 2
    assert (told.coverage, told.bound) == (0.9, error_bound(errors.ranked, 0.1))


def break_fit(_shop: Shop, run: Run) -> None:
    cause = json.dumps({"errorMessage": "there is no room", "errorType": "CandidateRefused"})
    run.prove({"Error": "CandidateRefused", "Cause": cause})


def delete_graph(shop: Shop, run: Run) -> None:
    version = fit(run)
    shop.aws.s3.delete_object(Bucket=shop.aws.lake, Key=version_key("shop", version, "model.onnx"))
    run.prove({"version": version})


def change_answers(shop: Shop, run: Run) -> None:
    version = fit(run)
    store, names = open_store(shop.aws.lake), ("shop", run.evaluation["run"], run.evaluation["refit"]["candidate"])
    answers = np.array(read_refit_answers(store, *names, width=2))
    answers[7] = answers[7, ::-1]
    write_refit_answers(store, *names, [answers])
    run.prove({"version": version})


def change_golden(shop: Shop, run: Run) -> None:
    version, store = fit(run), open_store(shop.aws.lake)
    golden = Golden.read(store, "shop", version)
    replace(golden, answers=[answer[::-1] for answer in golden.answers]).write(store, "shop", version)
    run.prove({"version": version})


def end_early(_shop: Shop, run: Run) -> None:
    fit(run)
    run.proof = {"proved": False}


def fit(run: Run) -> str:
    names = {name: run.evaluation[name] for name in ("model", "run")}
    event = {**names, "candidate": run.evaluation["refit"]["candidate"], "all_rows": True}
    first = handler("retraining/train")(event, None)
    assert handler("retraining/train")(event, None) == first
    return str(first["version"])


FAILURES: dict[str, Callable[[Shop, Run], None]] = {
    "not_fitted": break_fit,
    "broken": delete_graph,
    "parity_broken": change_answers,
    "golden_broken": change_golden,
    "unproved": end_early,
}


@pytest.mark.parametrize("code", FAILURES)
def test_where_a_refit_fails_the_judged_version_serves_and_everybody_hears_of_it(
    shop: Shop, bus: RecordedBus, code: str
) -> None:
    shop.sell(400)
    run = compare("shop")

    FAILURES[code](shop, run)
    ended = run.finish()

    assert (ended["outcome"], ended["refit"]["code"]) == ("promoted", code)
    assert shop.champion == run.evaluation["decision"]["version"]
    failed, promoted = ((name, detail) for name, detail in bus.events if name in ("RefitFailed", "Promoted"))
    assert (failed[0], failed[1]["code"], failed[1]["version"]) == ("RefitFailed", code, refitted(run))
    assert promoted[1]["version"] == shop.champion
    assert ended["refit"]["reason"] in ended["reason"]


@pytest.mark.parametrize("code", ["not_fitted", "unproved"])
def test_where_a_refresh_fails_the_champion_stays_as_it_is(shop: Shop, bus: RecordedBus, code: str) -> None:
    shop.sell(400)
    retrain("shop")
    first = shop.champion
    shop.sell(60, seed=1)
    run = compare("shop")
    assert not run.evaluation["decision"]["promote"]

    FAILURES[code](shop, run)
    ended = run.finish()

    assert (ended["outcome"], ended["refit"]["code"], shop.champion) == ("kept", code, first)
    assert [name for name, _ in bus.events][-2:] == ["RefitFailed", "Kept"]


def test_a_refit_that_is_another_model_than_its_twin_does_not_serve(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(refit_verdict, "is_too_different", lambda figures: True)
    shop.sell(400)

    ended = retrain("shop")

    assert ended["refit"]["code"] == "too_different"
    assert str(shop.champion).endswith("-logistic")


def test_a_refit_that_inference_or_evaluation_cannot_hold_does_not_serve(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.sell(400)
    run = compare("shop")

    def measure(files: VersionFiles) -> Footprint:
        if files.manifest.judged:
            raise OutOfMemory(files.manifest.version, 2_082_000_000)
        return guess_footprint(files)

    monkeypatch.setattr(entrants, "measure_loading", measure)

    assert run.finish()["refit"]["code"] == "too_large"
    assert shop.champion == run.evaluation["decision"]["version"]


def test_a_refreshed_champion_is_asked_by_its_twin_and_proves_itself_on_rows_after_its_cut(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    shop.sell(60, seed=1)
    second = retrain("shop")
    assert second["outcome"] == "refreshed"
    shop.sell(500, seed=2)

    evaluation = evaluation_of(shop, compare("shop"))

    assert evaluation.champion is not None
    figures, since = evaluation.champion.figures, evaluation.since_cut
    assert (figures.version, figures.judged) == (second["champion"], second["champion"].removesuffix(".refit"))
    assert since is not None
    assert since.version == second["champion"]
    assert 60 < since.rows < evaluation.data.holdout_rows
    assert since.value > 0.9


def test_a_refresh_names_no_winner_and_can_be_rolled_back(shop: Shop, bus: RecordedBus) -> None:
    shop.sell(400)
    first = retrain("shop")["champion"]
    shop.sell(60, seed=1)

    second = retrain("shop")

    assert (second["outcome"], second["decision"]) == ("refreshed", "not_better")
    name, detail = bus.events[-1]
    assert (name, detail["champion"], detail["version"]) == ("Refreshed", second["champion"], second["champion"])
    event = {"request": {"model": "shop", "action": "rollback"}, "execution": "e", "started_at": now()}
    back = handler("retraining/move")({"move": "roll_back", **event}, None)
    assert (back["champion"], back["instead_of"]) == (first, second["champion"])
    assert f"{second['champion']}, which was withdrawn, learned from these very rows" in snapshot_of("shop")["why"]


def test_the_same_rows_are_not_learned_twice_by_a_champion(shop: Shop) -> None:
    shop.sell(400)
    first = retrain("shop")["champion"]

    again = retrain("shop", force=True)

    assert (again["outcome"], again["refit"]["code"], shop.champion) == ("kept", "nothing_new", first)


def test_a_champion_whose_recipe_is_gone_is_not_refreshed_and_the_report_says_so(shop: Shop) -> None:
    shop.sell(400)
    first = retrain("shop")["champion"]
    shop.define(STUMP)

    ended = retrain("shop")

    assert (ended["outcome"], ended["refit"]["code"], shop.champion) == ("kept", "recipe_gone", first)
    assert "the definition no longer has its recipe, logistic" in ended["reason"]


def test_a_champion_is_not_refreshed_while_a_challenger_is_compared_with_it(shop: Shop) -> None:
    shop.sell(400)
    first = retrain("shop")["champion"]
    shop.sell(60, seed=1)
    run = compare("shop").refit()
    store = open_store(shop.aws.lake)
    set_challenger(store, "shop", "another", Rollout("shadow"), expected=first, reasons={})

    with pytest.raises(ChallengerChanged):
        run.conclude("refresh")
    ended = run.finish()

    assert (ended["outcome"], shop.champion) == ("superseded", first)
    assert ended["reason"] == "Another run was faster: another is on trial. Nothing was changed."
    assert Deployment.read(store, "shop").challenger_version == "another"


def test_every_step_of_a_refresh_may_come_twice(shop: Shop) -> None:
    shop.sell(400)
    retrain("shop")
    shop.sell(60, seed=1)
    run = compare("shop").refit()
    proof = run.proof

    run.refit()
    first = run.conclude("refresh")
    logged = shop.log()

    assert run.proof == proof
    assert run.conclude("refresh") == first
    assert shop.log() == logged


def test_nothing_is_proved_in_a_run_that_fits_nothing_again(shop: Shop) -> None:
    event: dict[str, Any] = {"model": "shop", "run": "20261123T120409-3fa9c1", "fitted": {"version": "v"}}

    with pytest.raises(NotFound):
        handler("retraining/evaluate")(event, None)


def now() -> str:
    return datetime.now(UTC).isoformat()
