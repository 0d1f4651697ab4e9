"""Training on S3: from a snapshot to the files of a version; and, on real data, how well it learns."""

from __future__ import annotations

import csv
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from preprocessing import load_definition, parse_definition
from refrain.aws.storage import Store, open_store
from refrain.classes import class_labels, class_numbers
from refrain.errors import CandidateRefused, NotFound, StorageUnavailable
from refrain.lake.evaluation import Evaluation
from refrain.lake.familiar_rows import FamiliarRows
from refrain.lake.learned_rows import write_row_hashes
from refrain.lake.packed_columns import PackedFile, fit_to
from refrain.lake.recipe_again import AGAIN, RecipeAgain
from refrain.lake.search import read_search_result
from refrain.lake.snapshot import (
    Snapshot,
    SnapshotPart,
    read_candidate_answers,
    read_snapshot_rows,
    snapshot_key,
    write_snapshot_rows,
)
from refrain.lake.version import Manifest, TrainingRows, VersionFiles, read_version_files, version_key
from refrain.model.parity import parity
from refrain.model.tabular import TabularModel
from refrain.pages.run_page import render_run
from refrain.statistics.metrics import METRICS
from refrain.training import tabular_fit
from refrain.training.familiar import learn_familiar
from tests.integration.conftest import DATA, ROOT
from tests.integration.loop import deliver, handler, snapshot_of
from tests.stored import make_snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator

    from preprocessing import Columns, Definition
    from tests.integration.conftest import Aws

RUN = "20261123T120409-3fa9c1"
FILES = ("model.onnx", "baseline.json", "golden.json", "manifest.json")

needs_data = pytest.mark.skipif(not DATA.exists(), reason="the real data sets are missing")


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Threads of several processes on few cores wait for each other."""
    with threadpool_limits(1):
        yield


@pytest.fixture
def lake(aws: Aws) -> Store:
    """A lake with a snapshot of `churn`: customers of whom the new ones leave."""
    store = open_store(aws.lake)
    definition = load_definition(ROOT / "examples" / "churn.toml")
    draw = np.random.default_rng(1)
    sides: list[tuple[SnapshotPart, int]] = [("train", 400), ("holdout", 100)]
    for name, rows in sides:
        columns: dict[str, Any] = {}
        for column in definition.columns.values():
            if column.kind == "number":
                columns[column.name] = draw.uniform(0, 72, rows).round(2)
            elif column.kind == "boolean":
                columns[column.name] = draw.integers(0, 2, rows).astype(float)
            else:
                columns[column.name] = np.array(["one", "two", None], dtype=object)[draw.integers(0, 3, rows)]
        leaves = columns["tenure"] + draw.normal(0, 10, rows) < 20
        columns["Churn"] = np.array(["No", "Yes"], dtype=object)[leaves.astype(int)]
        packed = PackedFile()
        packed.add(columns)
        write_snapshot_rows(store, "churn", RUN, name, packed)
    make_snapshot(definition, RUN, train_rows=400, holdout_rows=100).write(store, "churn", RUN)
    return store


def train(candidate: str = "logistic", run: str = RUN) -> dict[str, Any]:
    return handler("retraining/train")({"model": "churn", "run": run, "candidate": candidate}, None)


@pytest.mark.parametrize("candidate", ["logistic", "boosting"])
def test_a_version_has_all_that_serving_and_proving_need(lake: Store, candidate: str) -> None:
    # When a candidate is trained
    answer = train(candidate)

    # Then its files make a version that answers as the pipeline did, on golden rows and on all of the holdout
    version = f"{RUN}-{candidate}"
    assert (answer["candidate"], answer["version"], answer["rows"]) == (candidate, version, 400)
    files = read_version_files(lake, "churn", version)
    servable = TabularModel.load(files.manifest, files.model, files.baseline)
    assert servable.replay(files.golden).holds
    assert len(files.golden.rows) > 40
    holdout = read_snapshot_rows(lake, "churn", RUN, "holdout")
    expected = read_candidate_answers(lake, "churn", RUN, candidate)["answers"]
    assert expected.dtype == np.float64
    assert parity("classification", expected, servable.predict_columns(fit_to(servable.definition, holdout))).holds

    # And its manifest says where it comes from
    manifest = files.manifest
    assert manifest.classes == ("No", "Yes")
    assert manifest.snapshot == TrainingRows(digest="d1", train_rows=400, holdout_rows=100, cut="2026-11-01T12:00:00Z")
    assert manifest.features_recipe == {"logistic": "onehot", "boosting": "codes"}[candidate]
    assert manifest.vocabularies["Contract"] == ("one", "two")
    assert set(manifest.libraries) == {"numpy", "scikit-learn", "skl2onnx", "onnx"}
    assert manifest.model_bytes == len(files.model)
    assert 0 < manifest.fit_seconds == answer["fit_seconds"] <= answer["seconds"]


def test_the_same_snapshot_gives_the_same_model(lake: Store) -> None:
    train()
    files = [version_key("churn", f"{RUN}-logistic", name) for name in FILES[:3]]
    first = [lake.read(key).data for key in files]
    other = "20261123T120409-aaaaaa"
    for name in ("train.npz", "holdout.npz", "snapshot.json"):
        lake.write(snapshot_key("churn", other, name), lake.read(snapshot_key("churn", RUN, name)).data)

    train(run=other)

    assert [lake.read(key.replace(RUN, other)).data for key in files] == first


def test_a_version_never_changes_once_it_is_written(lake: Store) -> None:
    first = train()
    files = [version_key("churn", first["version"], name) for name in FILES]
    written = [lake.read(key).etag for key in files]

    assert train() == first
    assert [lake.read(key).etag for key in files] == written


def test_candidates_of_a_run_learn_once_what_is_familiar(lake: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    # Given a run whose champion is fitted again by its own definition, without one of the columns
    definition = load_definition(ROOT / "examples" / "churn.toml")
    document: dict[str, Any] = {**definition.document}
    document["columns"] = {name: column for name, column in document["columns"].items() if name != "tenure"}
    document["training"] = {"candidates": document["training"]["candidates"][:1]}
    again = RecipeAgain("earlier", AGAIN, document)
    replace(Snapshot.read(lake, "churn", RUN), again=again).write(lake, "churn", RUN)
    learned: list[int] = []

    def learn(definition: Definition, *rows: Any) -> FamiliarRows:
        learned.append(len(definition.features))
        return learn_familiar(definition, *rows)

    monkeypatch.setattr(tabular_fit, "learn_familiar", learn)

    # When all are trained
    logistic, boosting, champion = (
        read_version_files(lake, "churn", train(candidate)["version"]) for candidate in ("logistic", "boosting", AGAIN)
    )

    # Then only what has other columns learns anew
    width = len(logistic.manifest.features)
    assert learned == [width, width - 1]
    assert logistic.familiar == boosting.familiar
    assert len(FamiliarRows.from_bytes(champion.familiar or b"").low) == width - 1


def test_a_crash_at_any_write_leaves_no_version_and_the_retry_makes_it(
    lake: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Given a store that fails at some write, each time one later than before
    write, left = Store.write, [0]

    def failing(store: Store, key: str, data: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise StorageUnavailable(key, "the test says so")
        write(store, key, data)

    monkeypatch.setattr(Store, "write", failing)
    for writes in range(6):
        left[0] = writes
        with pytest.raises(StorageUnavailable):
            train()
        assert not lake.exists(version_key("churn", f"{RUN}-logistic", "manifest.json"))

    # Then there is no manifest, and so no version, until the retry has written all
    left[0] = 6
    train()
    assert read_version_files(lake, "churn", f"{RUN}-logistic").golden.rows


def test_a_search_is_made_in_parts_and_its_best_values_are_trained_judged_and_kept_by_the_refit(lake: Store) -> None:
    # Given a run with a candidate whose parameters are searched for, and that is calibrated
    definition = load_definition(ROOT / "examples" / "churn.toml")
    tree = {
        "name": "tree",
        "estimator": "sklearn.tree.DecisionTreeClassifier",
        "calibrate": "sigmoid",
        "search": {"max_depth": [1, 2, 60], "min_samples_leaf": {"low": 2, "high": 4}, "trials": 6},
    }
    training = cast("dict[str, Any]", definition.document["training"]) | {"candidates": [tree]}
    changes = {"training": training, "decision": {"cost": {"Yes": {"No": 5}}}}
    searching = parse_definition("churn", {**definition.document, **changes}, "churn.toml")
    make_snapshot(searching, RUN, train_rows=400, holdout_rows=100).write(lake, "churn", RUN)
    write_row_hashes(lake, "churn", RUN, np.arange(500, dtype=np.uint64), np.arange(500) >= 400)
    request = {"model": "churn", "run": RUN, "candidate": "tree"}
    with pytest.raises(CandidateRefused, match="tree: no trial of the search has a figure"):
        train("tree")

    # When each part has tried its share
    shares = [handler("retraining/train")({**request, "part": part}, None) for part in (0, 1)]
    trained = train("tree")
    refitted = handler("retraining/train")({**request, "all_rows": True}, None)

    # Then training and its refit have the best values
    assert [share["trials"] for share in shares] == [3, 3]
    first, second = (Manifest.read(lake, "churn", answer["version"]) for answer in (trained, refitted))
    result = read_search_result(lake, "churn", RUN, "tree", 6, greater_is_better=True)
    assert result.best_trial is not None
    assert result.best_trial.mean == max(trial.mean for trial in result.trials)
    assert first.chosen == second.chosen == result.best_trial.parameters
    assert (first.calibrated, first.rule) == (second.calibrated, second.rule)
    assert first.rule is not None
    assert first.rule.costs == [[0, 1], [5, 0]]
    assert 0 <= (first.rule.threshold or 0) < 0.5
    assert first.calibrated is not None

    # And the evaluation has the whole search, for the report
    run = {"model": "churn", "run": RUN, "reason": "test", "started_at": "2026-11-23T12:04:09Z", "trained": [trained]}
    handler("retraining/evaluate")(run, None)
    evaluation = Evaluation.read(lake, "churn", RUN)
    (summary,) = evaluation.candidates
    assert summary.search == result
    assert (summary.chosen, summary.calibrated) == (first.chosen, first.calibrated)
    page = render_run(evaluation)
    assert "6 of 6 trials were made" in page
    assert "sigmoid: answers off by" in page
    assert "decides Yes from" in page


def test_a_candidate_that_the_snapshot_does_not_know_is_refused(lake: Store) -> None:
    with pytest.raises(CandidateRefused, match="forest: the definition of this snapshot has no such candidate"):
        train("forest")


def test_a_run_without_a_snapshot_is_told(lake: Store) -> None:
    with pytest.raises(NotFound, match=r"snapshot\.json"):
        train(run="20261123T120409-000000")


def test_training_needs_nothing_that_its_layer_lacks() -> None:
    absent = ("pandas", "pyarrow", "onnxruntime", "boto3", "aws_lambda_powertools", "ijson")
    code = f"import sys; sys.modules |= dict.fromkeys({absent}); import refrain.training.train"
    where = {"PYTHONPATH": f"{ROOT / 'shared'}:{ROOT / 'layers' / 'preprocessing'}"}
    subprocess.run([sys.executable, "-c", code], env=where, capture_output=True, check=True)


@needs_data
@pytest.mark.parametrize(
    ("model", "file", "least", "most"),
    [
        ("churn", "telco/Telco-Customer-Churn.csv", 0.845, 0.90),
        ("bikes", "bike/hour.csv", 0.85, 0.97),
        ("campaigns", "bank/bank-additional-full.csv.gz", 0.60, 0.72),  # a random split would say 0.80
    ],
)
def test_real_data_is_learned_from_as_well_as_it_is_known_to_be(
    aws: Aws, model: str, file: str, least: float, most: float
) -> None:
    values = learned(aws, model, file)
    assert least <= max(values.values()) <= most


@needs_data
def test_income_is_known_for_people_that_training_never_saw(aws: Aws) -> None:
    # Given a model of the original training file
    learned(aws, "income", "adult/adult-train.csv")
    (manifest,) = [
        key for key in open_store(aws.lake).keys("versions/income/") if key.endswith("boosting/manifest.json")
    ]

    # When it is asked for everyone in the original test file, as the file has them
    files = read_version_files(open_store(aws.lake), "income", manifest.split("/")[2])
    servable = TabularModel.load(files.manifest, files.model, files.baseline)
    lines = csv.reader((DATA / "adult" / "adult-test.csv").read_text().splitlines())
    people = [dict(zip(servable.definition.source.header, line, strict=True)) for line in lines if line]
    columns, problems = servable.prepare(people)
    answers = servable.predict_columns(columns)

    # Then it knows them as well as the best that is known of this data
    assert (len(people), problems) == (16281, [])
    truth = [person["income"].strip().startswith(">50K") for person in people]
    assert roc_auc_score(truth, answers[:, 1]) >= 0.925


def learned(aws: Aws, model: str, file: str) -> dict[str, float]:
    """Ingest a real file as it is, take a snapshot, train all candidates; return each one's figure on the holdout."""
    key = f"{model}/{file.rpartition('/')[2]}"
    aws.define(model)
    aws.put(key, (DATA / file).read_bytes())
    deliver(aws, key)
    snapshot = snapshot_of(model)
    assert snapshot["enough"], snapshot["why"]
    store = open_store(aws.lake)
    holdout = read_snapshot_rows(store, model, snapshot["run"], "holdout")
    values = {}
    for each in snapshot["candidates"]:
        event = {"model": model, "run": snapshot["run"], "candidate": each["name"]}
        version = handler("retraining/train")(event, None)["version"]
        files = read_version_files(store, model, version)
        values[each["name"]] = _value(store, snapshot, each["name"], files, holdout)
    return values


def _value(store: Store, snapshot: dict[str, Any], name: str, files: VersionFiles, holdout: Columns) -> float:
    servable = TabularModel.load(files.manifest, files.model)
    definition = servable.definition
    answers = servable.predict_columns(fit_to(definition, holdout)).astype(np.float64)
    expected = read_candidate_answers(store, definition.model, snapshot["run"], name)["answers"]
    assert parity(definition.task, expected, answers).holds
    assert servable.replay(files.golden).holds
    target = holdout[definition.target]
    if servable.classes:
        target = class_numbers(class_labels(definition.columns[definition.target], target), servable.classes)
    return METRICS[definition.training.metric].value(target, answers)
