"""`refrain init`: a definition from any file, which loads, and keeps the good rows of the file."""

from __future__ import annotations

import csv
import io
import json
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sklearn import datasets

from cli.app import main
from cli.init import DraftedFile, draft_file
from preprocessing import load_definition
from refrain.errors import CannotDraft
from refrain.training.tabular_fit import fit_rows
from tests.processor_time import processor_seconds

ROWS = 80


def drafted(folder: Path, text: str, target: str = "", name: str = "table.csv", encoding: str = "utf-8") -> DraftedFile:
    file = folder / name
    file.write_bytes(text.encode(encoding))
    return draft_file(file, "table", target)


def table(columns: dict[str, list[object]], delimiter: str = ",") -> str:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter)
    writer.writerow(columns)
    writer.writerows(zip(*columns.values(), strict=True))
    return out.getvalue()


def types(draft: DraftedFile) -> dict[str, str]:
    return {name: column["type"] for name, column in draft.draft.document["columns"].items()}


DATES = [f"2026-{1 + row // 28:02}-{1 + row % 28:02}" for row in range(ROWS)]
VALUES: dict[str, list[object]] = {
    "number": [row * 1.5 for row in range(ROWS)],
    "whole": [row % 17 for row in range(ROWS)],
    "comma": [f"{row},5" for row in range(ROWS)],
    "thousands": [f"1,{row:03}" for row in range(ROWS)],
    "money": [f"$ {row}.25" for row in range(ROWS)],
    "gaps": ["?" if row % 3 else row for row in range(ROWS)],
    "boolean": ["yes" if row % 2 else "no" for row in range(ROWS)],
    "category": [["red", "green", "blue"][row % 3] for row in range(ROWS)],
    "quoted": ['say "hi", \\ there'[: 5 + row % 9] for row in range(ROWS)],
    "lines": [f"two\nlines {row % 4}" for row in range(ROWS)],
    "date": [*DATES],
    "swiss": [".".join(reversed(date.split("-"))) for date in DATES],
    "id": [f"a-{row}" for row in range(ROWS)],
    "prose": [f"the {row}th of many long sentences" for row in range(ROWS)],
    "constant": ["EUR"] * ROWS,
    "empty": [""] * ROWS,
    "unicode": [["Zürich", "Genève", "Łódź", "東京"][row % 4] for row in range(ROWS)],
    "zeros": [f"{row % 9:04}" for row in range(ROWS)],
    "late": ["new" if row > ROWS - 9 else "old" for row in range(ROWS)],
}
NAMES = st.text(min_size=0, max_size=12) | st.sampled_from(["_id", "Monthly fee", 'a"b', "a.b", "#x", "ä", "true", "1"])


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    kinds=st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=7),
    names=st.lists(NAMES, min_size=7, max_size=7),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    preamble=st.sampled_from(["", "An export\n", "\n"]),
    classes=st.booleans(),
)
def test_any_table_becomes_a_definition_that_loads_and_keeps_its_rows(
    kinds: list[str], names: list[str], delimiter: str, preamble: str, classes: bool
) -> None:
    target: list[object] = ["up" if row % 3 else "down" for row in range(ROWS)] if classes else VALUES["number"]
    clean = [name.replace("\r", "").replace("\n", "").replace("\0", "") for name in names]
    columns: dict[str, list[object]] = {"wanted": target, "sure": [row % 7 + 0.5 for row in range(ROWS)]}
    columns |= {f"{name}{index}": VALUES[kind] for index, (name, kind) in enumerate(zip(clean, kinds, strict=False))}

    with TemporaryDirectory() as folder:
        try:
            draft = drafted(Path(folder), preamble + table(columns, delimiter), "wanted", encoding="utf-8")
        except UnicodeEncodeError:  # half a letter, which no file can hold
            return
        path = Path(folder) / "table.toml"
        path.write_text(draft.text, encoding="utf-8")
        definition = load_definition(path)

    assert definition.document == draft.draft.definition.document
    assert draft.reading.rows == draft.reading.kept == ROWS
    assert definition.target == "wanted"
    assert "comma" in kinds or definition.columns["sure"].kind == "number"
    assert max(map(len, draft.text.splitlines())) < 1000


def test_the_draft_of_a_usual_table_reads_as_a_person_would_write_it(tmp_path: Path) -> None:
    columns: dict[str, list[object]] = {
        "customerID": [f"C{row:04}" for row in range(200)],
        "Signed on": [f"{1 + row % 28}.{1 + row // 28 % 12}.2025" for row in range(200)],
        "Monthly fee": [f"{row % 50}.90" for row in range(200)],
        "hours": [["?", row % 24][row % 5 > 0] for row in range(200)],
        "currency": ["CHF"] * 200,
        "notes": [f"called {row} times about the plan" for row in range(200)],
        "churn": [["no", "yes"][row % 50 < 20] for row in range(200)],
    }
    draft = drafted(tmp_path, table(columns, ";"))

    assert draft.draft.document | {"training": {}} == {
        "task": "classification",
        "target": "churn",
        "key": ["customerID"],
        "time": "Signed on",
        "columns": {
            "customerID": {"type": "category"},
            "Signed on": {"type": "time", "format": "%d.%m.%Y"},
            "Monthly fee": {"type": "number"},
            "hours": {"type": "number", "missing": ["?"]},
            "churn": {"type": "boolean"},
        },
        "derived": {"Signed on_weekday": {"make": "weekday", "from": "Signed on"}},
        "training": {},
        "gate": {"confidence": 0.8},
        "retraining": {"every": "weekly", "on_drift": True},
    }
    assert 'target = "churn"  # its name says so' in draft.text
    assert '# currency      = { type = "category" }  # not kept: it is always CHF' in draft.text
    assert '"Monthly fee" = { type = "number" }' in draft.text


BUNCHES: dict[str, Any] = {
    "iris": datasets.load_iris,
    "wine": datasets.load_wine,
    "breast_cancer": datasets.load_breast_cancer,
    "diabetes": datasets.load_diabetes,
}


@pytest.mark.parametrize("name", BUNCHES)
def test_a_table_of_scikit_learn_is_drafted_without_a_touch_and_learned_from(tmp_path: Path, name: str) -> None:
    frame = BUNCHES[name](as_frame=True).frame
    draft = drafted(tmp_path, frame.to_csv(index=False))
    definition = draft.draft.definition
    columns = draft.reading.good_columns(definition)
    fitted = fit_rows(definition, definition.training.candidates[0], columns).fitted

    assert definition.target == "target"
    assert definition.task == ("regression" if name == "diabetes" else "classification")
    assert draft.reading.kept == draft.reading.rows == len(frame)
    assert len(definition.features) >= 0.8 * (frame.shape[1] - 1)
    assert np.isfinite(fitted.trivial).all()


def test_150_columns_are_drafted_in_seconds(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    columns = {f"x{index}": random.normal(size=1500).round(3).tolist() for index in range(150)}
    text = table({**columns, "target": (np.array(columns["x0"]) > 0).astype(int).tolist()})

    with processor_seconds() as seconds:
        drafted(tmp_path, text)

    assert seconds() < 6


@pytest.mark.parametrize(
    ("text", "target", "sentence"),
    [
        ("a,b\n1,2\n2,3\n", "c", "no column 'c'"),
        ("a,b\n1,x\n1,y\n", "a", "single value"),
        ("when,b\n2026-01-01,1\n2026-01-02,2\n", "when", "it holds times"),
        ("id,b\n" + "".join(f"name {row},{row % 2}\n" for row in range(90)), "b", "no column is left"),
    ],
)
def test_what_cannot_be_drafted_says_what_to_do(tmp_path: Path, text: str, target: str, sentence: str) -> None:
    with pytest.raises(CannotDraft, match=sentence):
        drafted(tmp_path, text, target)


def test_the_command_writes_a_file_and_replaces_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "My table_v2.csv").write_text(table({"a": VALUES["number"], "y": VALUES["boolean"]}))

    assert main(["init", "My table_v2.csv", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["target"] == "y"
    assert tomllib.loads((tmp_path / "my-table-v2.toml").read_text())["task"] == "classification"
    assert main(["init", "My table_v2.csv"]) == 2
    assert "exists already" in capsys.readouterr().err
    assert main(["init", "My table_v2.csv", "--force", "--target", "nothing"]) == 3
    assert main(["init", "absent.csv"]) == 1
    assert capsys.readouterr().err.count("\n") == 2
