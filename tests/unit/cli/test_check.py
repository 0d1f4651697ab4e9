"""`refrain check`: what a run and the upload of a file would say, before either happens."""

from __future__ import annotations

import copy
import csv
import json
from pathlib import Path
from typing import Any

import pytest

from cli.app import main
from cli.check import check_definition
from preprocessing import parse_definition
from refrain.training.candidate_checks import find_candidate_problems

ROWS = 400


def definition(task: str = "classification", columns: dict[str, Any] | None = None, **candidate: object) -> Any:
    kind = "linear_model.LogisticRegression" if task == "classification" else "linear_model.Ridge"
    target = {"type": "boolean"} if task == "classification" else {"type": "number"}
    tried = {"name": "tried", "estimator": f"sklearn.{kind}", **candidate}
    document = {
        "task": task,
        "target": "y",
        "columns": {"a": {"type": "number"}, "b": {"type": "category"}, "y": target, **(columns or {})},
        "training": {"candidates": [tried]},
    }
    return parse_definition("shop", document, "shop.toml")


@pytest.mark.parametrize(
    ("candidate", "sentence"),
    [
        (
            {"estimator": "sklearn.linear_model.LogisticRegresion"},
            "did you mean sklearn.linear_model.LogisticRegression?",
        ),
        ({"estimator": "sklearn.ensemble.LogisticRegression"}, "did you mean sklearn.linear_model.LogisticRegression?"),
        (
            {"estimator": "sklearn.ensemble.RandomForestRegressor"},
            "did you mean sklearn.ensemble.RandomForestClassifier?",
        ),
        ({"estimator": "sklearn.pipeline.Pipeline"}, "is not for classification"),
        ({"estimator": "sklearn.svm.LinearSVC"}, "gives no probabilities"),
        ({"max_iters": 1000}, "has no parameter max_iters; it has C,"),
        ({"max_iters": 1000}, "did you mean max_iter?"),
        ({"C": [0.1, 1, 10]}, "The 'C' parameter of LogisticRegression must be"),
        ({"estimator": "sklearn.model_selection.GridSearchCV"}, "is not for classification"),
        ({"class_weight": {"true": 2, "maybe": 1}}, "weights for classes that do not occur: maybe"),
    ],
)
def test_a_candidate_that_a_run_would_refuse_is_refused_with_what_was_meant(
    candidate: dict[str, Any], sentence: str
) -> None:
    (problem,) = find_candidate_problems(definition(**candidate), ["false", "true"])

    assert problem.startswith("tried: ")
    assert sentence in problem


def test_a_classifier_is_refused_for_numbers_and_its_twin_suggested() -> None:
    (problem,) = find_candidate_problems(definition("regression", estimator="sklearn.tree.DecisionTreeClassifier"))

    assert problem.endswith("is not for regression; did you mean sklearn.tree.DecisionTreeRegressor?")


def test_what_can_be_made_has_no_problem() -> None:
    weighted = definition(class_weight={"true": 2, "false": 1}, max_iter=500)

    assert list(find_candidate_problems(weighted)) == []


def rows(path: Path, **columns: list[object]) -> Path:
    plain: dict[str, list[object]] = {
        "a": [row * 37 % 101 + 0.5 for row in range(ROWS)],
        "b": [["red", "green", "blue"][row * 7 % 3] for row in range(ROWS)],
        "y": ["yes" if row * 13 % 5 < 2 else "no" for row in range(ROWS)],
    }
    table = plain | columns
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table)
        writer.writerows(zip(*table.values(), strict=True))
    return path


def test_rows_that_ingest_would_reject_are_counted_with_values(tmp_path: Path) -> None:
    bad: list[object] = ["many" if row % 50 == 0 else row for row in range(ROWS)]
    report = check_definition(definition(), rows(tmp_path / "rows.csv", a=bad, colour=["red"] * ROWS))

    assert (report.rows, report.good_rows) == (ROWS, ROWS - 8)
    assert report.rejections == ["8 for a: expected a number, such as 'many'"]
    assert report.ignored_columns == ["colour"]
    assert report.problems == []


def test_the_method_checks_of_a_run_are_made(tmp_path: Path) -> None:
    faults: dict[str, Any] = {"id": {"type": "category"}, "same": {"type": "category"}, "leak": {"type": "category"}}
    file = rows(
        tmp_path / "rows.csv",
        id=[f"id {row}" for row in range(ROWS)],
        same=["x"] * ROWS,
        leak=["won" if row * 13 % 5 < 2 else "lost" for row in range(ROWS)],
    )
    report = check_definition(definition(columns=faults), file)

    found_by = {(item["check"], *item["columns"]) for item in report.findings}
    assert {("id_like_column", "id"), ("constant_column", "same"), ("leaking_column", "leak")} <= found_by
    assert report.problems == []


def test_repeated_keys_too_few_rows_and_unusable_files_are_said(tmp_path: Path) -> None:
    keyed = parse_definition("shop", {**definition().document, "key": ["a"]}, "shop.toml")
    report = check_definition(keyed, rows(tmp_path / "rows.csv"))
    assert any("have the key of another one" in line for line in report.rejections)

    greedy: Any = copy.deepcopy(definition().document)
    greedy["training"]["min_rows"] = 1000
    report = check_definition(parse_definition("shop", greedy, "shop.toml"), rows(tmp_path / "rows.csv"))
    assert report.problems == [
        "nothing can be learned from these rows: there are 400 rows, and 1000 are needed (training.min_rows)"
    ]

    report = check_definition(definition(), rows(tmp_path / "rows.csv", y=["alive", "dead"] * (ROWS // 2)))
    assert report.problems == ["no row of the file can be used"]


def test_the_command_ends_with_the_code_of_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    text = (
        'task = "regression"\ntarget = "a"\n[columns]\na = { type = "number" }\nb = { type = "category" }\n'
        '[training]\ncandidates = [{ name = "ridge", estimator = "sklearn.linear_model.Ridge" }]\n'
    )
    Path("shop.toml").write_text(text)
    rows(tmp_path / "rows.csv")

    assert main(["check", "shop.toml", "rows.csv"]) == 0
    assert "400 of 400 rows are good" in capsys.readouterr().out
    assert main(["check", "shop.toml", "rows.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["good_rows"] == 400
    Path("shop.toml").write_text(text.replace("Ridge", "Rigde"))
    assert main(["check", "shop.toml"]) == 3
    assert "wrong: ridge: sklearn.linear_model.Rigde is not an estimator" in capsys.readouterr().out
    assert main(["check", "absent.toml"]) == 3
    assert main(["try", "rows.csv", "shop.toml"]) == 3  # before a cloud is started
    assert "did you mean sklearn.linear_model.Ridge?" in capsys.readouterr().err


def test_the_schema_is_one_document(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["schema"]) == 0
    assert json.loads(capsys.readouterr().out)["required"] == ["task", "columns", "training"]
