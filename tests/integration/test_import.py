"""Models that were fitted elsewhere become versions: proved, promoted, asked, rolled back, on moto."""

from __future__ import annotations

import json
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import joblib
import lightgbm
import numpy as np
import pytest
import yaml
from onnx import TensorProto, helper, numpy_helper

from cli.app import main
from cli.exit_codes import DONE, REFUSED
from local.local_stack import LocalStack
from refrain.aws.storage import Store
from refrain.lake.deployment import Deployment
from refrain.serving.registry.registry import registry
from tests.integration.conftest import guess_footprint
from tests.integration.loop import Context, compare, handler, retrain, upload
from tests.unit.importing import elsewhere

if TYPE_CHECKING:
    from pathlib import Path

    from tests.integration.conftest import Aws


ASKED = 50


class Desk:
    """A person's folder with rows, and a stack without models."""

    def __init__(self, aws: Aws, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.store, self.folder, self.capsys = Store(aws.lake), folder, capsys
        self.table = elsewhere.people()
        self.table.features["age"] = self.table.features["age"].fillna(37.5)  # the graph takes no missing value
        self.rows = self.table.write(folder)

    def run(self, *arguments: object) -> tuple[int, str, str]:
        """Run the command; return its code, its output and its errors."""
        self.capsys.readouterr()  # what functions wrote before
        code = main([*map(str, arguments), "--json"])
        output = self.capsys.readouterr()
        return code, output.out, output.err

    def bring(self, model: Path, *arguments: object) -> dict[str, Any]:
        """Import a model that is accepted."""
        code, output, error = self.run("import", model, "--rows", self.rows, *arguments)
        assert code == DONE, error
        return dict(json.loads(output))

    def move(self, event: dict[str, Any]) -> None:
        """Move the deployment as the state machine does for a person."""
        by = {"execution": uuid.uuid4().hex, "started_at": datetime.now(UTC).isoformat()}
        handler("retraining/move")({**by, **event}, None)
        registry.cache_clear()

    def promote(self, version: str) -> None:
        """Put a version into service."""
        self.move({"move": "act", "request": {"model": "people", "action": "promote", "version": version}})

    def ask(self) -> tuple[str, Any]:
        """Ask over HTTP about the first rows; return the version and the probabilities."""
        instances = json.loads(self.table.features.head(ASKED).to_json(orient="records"))
        body = json.dumps({"instances": instances})
        event = {"httpMethod": "POST", "path": "/v1/models/people:predict", "headers": {}, "body": body}
        answer = handler("inference")(event, Context())
        assert answer["statusCode"] == 200, answer["body"]
        document = json.loads(answer["body"])
        return document["model_version"], np.array(
            [list(row["probabilities"].values()) for row in document["predictions"]]
        )


@pytest.fixture
def desk(aws: Aws, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    """A person at work in a folder; the command is led to a stack on moto."""
    stack = LocalStack({"aws_endpoint_url": aws.endpoint, "inbox_bucket": aws.inbox, "lake_bucket": aws.lake})
    monkeypatch.setattr("cli.stack_choice.choose_stack", lambda _: stack)
    monkeypatch.setattr("refrain.evaluation.loading_process.measure_loading", guess_footprint)
    monkeypatch.chdir(tmp_path)
    return Desk(aws, tmp_path, capsys)


def test_models_from_elsewhere_follow_each_other_in_service(desk: Desk) -> None:
    fitted = elsewhere.pipeline(desk.table)
    joblib.dump(fitted, desk.folder / "model.joblib")
    boosted = mlflow_folder(desk.folder / "mlflow", desk.table)
    numbers = desk.table.features[elsewhere.NUMBERS]
    network = desk.folder / "net.onnx"
    network.write_bytes(two_layers().SerializeToString())
    answered = {
        desk.folder / "model.joblib": fitted.predict_proba(desk.table.features),
        desk.folder / "mlflow": boosted.predict_proba(numbers),
        network: None,
    }

    versions = []
    for model, own in answered.items():
        options = ("--columns", "age,income", "--classes", "no,yes") if model is network else ("--trust",)
        report = desk.bring(model, *options)
        desk.promote(report["version"])
        versions.append(report["version"])
        version, served = desk.ask()
        assert version == report["version"]
        assert own is None or np.abs(served - own[:ASKED]).max() < 1e-5
    desk.move({"move": "roll_back", "request": {"model": "people", "action": "rollback"}})

    code, _, error = desk.run("export", versions[2], "--to", desk.folder / "exported")

    assert code == DONE, error
    assert len(set(versions)) == 3
    assert desk.ask()[0] == versions[1]
    assert (desk.folder / "people.toml").exists()


DEFINITION = """
task = "classification"
target = "bought"
[columns]
age = { type = "number" }
city = { type = "category" }
income = { type = "number" }
grade = { type = "category", whole = true }
bought = { type = "category" }
[training]
candidates = [{ name = "stump", estimator = "sklearn.tree.DecisionTreeClassifier", max_depth = 1 }]
[rollout]
mode = "shadow"
"""


def test_an_imported_version_goes_on_trial_when_it_is_surely_better(aws: Aws, desk: Desk) -> None:
    aws.define("people", DEFINITION)
    served = elsewhere.people(1500, seed=1)
    upload(aws, "people/rows.csv", json.loads(served.features.assign(bought=served.target).to_json(orient="records")))
    champion = retrain("people")["champion"]
    joblib.dump(elsewhere.pipeline(desk.table), desk.folder / "model.joblib")
    version = desk.bring(desk.folder / "model.joblib", "--trust")["version"]

    run = compare("people", version=version).refit()
    handler("retraining/move")({"move": "start_trial", "model": "people", "run": run.snapshot["run"]}, None)

    deployment = Deployment.read(desk.store, "people")
    assert run.evaluation["decision"]["code"] == "better"
    assert [item["name"] for item in run.evaluation["candidates"]] == ["imported"]
    assert (deployment.champion_version, deployment.challenger_version) == (champion, version)
    handler("retraining/judge")({"model": "people", "run": run.snapshot["run"]}, None)


def test_an_imported_version_is_not_judged_by_rows_that_it_has_learned(aws: Aws, desk: Desk) -> None:
    aws.define("people", DEFINITION)
    rows = desk.table.features.assign(bought=desk.table.target)
    upload(aws, "people/rows.csv", json.loads(rows.to_json(orient="records")))
    champion = retrain("people")["champion"]
    joblib.dump(elsewhere.pipeline(desk.table), desk.folder / "model.joblib")
    version = desk.bring(desk.folder / "model.joblib", "--trust")["version"]

    kept = compare("people", version=version).finish()
    desk.promote(version)
    later = retrain("people", force=True)

    assert kept["outcome"] == "kept"
    assert "it has learned the rows that were held out" in kept["reason"]
    assert Deployment.read(desk.store, "people").champion_version == later["champion"]
    assert version != champion


def test_a_pickle_is_not_loaded_before_a_person_has_read_what_that_does(desk: Desk) -> None:
    file = desk.folder / "model.pkl"
    file.write_bytes(b"cos\nsystem\n(S'touch loaded'\ntR.")

    code, _, error = desk.run("import", file, "--rows", desk.rows)

    assert code == REFUSED
    assert "Loading it runs the code that is in it" in error
    assert not (desk.folder / "loaded").exists()


def mlflow_folder(folder: Path, table: elsewhere.Elsewhere) -> Any:
    """Write what MLflow writes of a model of LightGBM's scikit-learn interface, and return the model."""
    model = lightgbm.LGBMClassifier(n_estimators=20, n_jobs=1, verbosity=-1)
    model.fit(table.features[elsewhere.NUMBERS], table.target)
    folder.mkdir()
    joblib.dump(model, folder / "model.pkl")
    flavour = {
        "data": "model.pkl",
        "lgb_version": lightgbm.__version__,
        "model_class": "lightgbm.sklearn.LGBMClassifier",
    }
    loader = {"loader_module": "mlflow.lightgbm", "data": "model.pkl"}
    document = {"flavors": {"lightgbm": flavour, "python_function": loader}, "mlflow_version": "3.6.0"}
    (folder / "MLmodel").write_text(yaml.safe_dump(document))
    return model


def two_layers() -> Any:
    """Make a graph as deep learning does: it answers one probability, and names neither columns nor classes."""
    weights = numpy_helper.from_array(np.array([[0.03], [1e-6]], np.float32), "weights")
    nodes = [helper.make_node("MatMul", ["x", "weights"], ["s"]), helper.make_node("Sigmoid", ["s"], ["p"])]
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, [None, 2])]
    outputs = [helper.make_tensor_value_info("p", TensorProto.FLOAT, [None, 1])]
    graph = helper.make_graph(nodes, "net", inputs, outputs, [weights])
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
