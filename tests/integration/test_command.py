"""The commands that work on the lake, on moto; those that need the API and runs are tested end to end."""

from __future__ import annotations

import io
import json
import subprocess
import sys
import tomllib
from contextlib import redirect_stdout
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cli.app import main
from cli.exit_codes import DONE, REFUSED, USAGE
from local.local_stack import LocalStack
from local.stack_client import StackClient
from preprocessing import own_functions
from refrain.aws.storage import Store
from refrain.lake.model_definition import ModelDefinition
from refrain.lake.version import Manifest
from tests.integration.loop import deliver
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from tests.integration.conftest import Aws

ROOT = Path(__file__).parents[2]
TUMOURS = ROOT / "examples" / "tumours.toml"
FIRST, SECOND = "people-1", "people-2"


@pytest.fixture
def lake(aws: Aws, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A lake with two versions, which the command is led to; a stack `prod` has the other bucket as its lake."""
    stacks = {
        name: LocalStack({"aws_endpoint_url": aws.endpoint, "inbox_bucket": aws.inbox, "lake_bucket": bucket})
        for name, bucket in ((None, aws.lake), ("prod", aws.inbox))
    }
    monkeypatch.setattr("cli.stack_choice.choose_stack", lambda name: stacks[name])
    store, model = Store(aws.lake), tiny.people(120)
    tiny.deploy(store, model.named(SECOND), model.named(FIRST))
    changed = {**model.files.manifest.definition, "gate": {"min_metric": 0.6}}
    replace(model.files.manifest, version=FIRST, definition=changed, model_bytes=7).write(store, "people", FIRST)
    return store


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    assert main([*arguments, "--json"]) == DONE
    return json.loads(capsys.readouterr().out)


def test_a_definition_is_applied_and_retired(lake: Store, capsys: pytest.CaptureFixture[str]) -> None:
    applied = answer(capsys, "apply", str(TUMOURS))

    assert (applied["outcome"], applied["model"]) == ("applied", "tumours")
    assert ModelDefinition.read(lake, "tumours").text == TUMOURS.read_text()
    assert answer(capsys, "apply", str(TUMOURS))["outcome"] == "unchanged"
    assert answer(capsys, "retire", "tumours")["outcome"] == "retired"


def test_a_broken_definition_and_a_changed_one_are_refused(lake: Store, tmp_path: Path) -> None:
    (tmp_path / "broken.toml").write_text('task = "ranking"')

    assert main(["apply", str(tmp_path / "broken.toml")]) == REFUSED
    assert main(["apply", str(TUMOURS), "--expected", "another"]) == REFUSED
    assert ModelDefinition.read(lake, "broken").digest is None


def test_an_upload_shows_what_became_of_each_row(
    aws: Aws, lake: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Ingest reads the file as soon as it is there."""
    send = StackClient.upload_file

    def send_and_deliver(client: StackClient, key: str, path: Path) -> str:
        etag = send(client, key, path)
        with redirect_stdout(io.StringIO()):  # ingest prints its metrics
            deliver(aws, key)
        return etag

    monkeypatch.setattr(StackClient, "upload_file", send_and_deliver)
    columns = list(tomllib.loads(TUMOURS.read_text())["columns"])
    row = ["p1" if name == "id" else "benign" if name == "diagnosis" else "1" for name in columns]
    bad = ["a lot" if name == "mean_area" else value for name, value in zip(columns, row, strict=True)]
    file = tmp_path / "rows.csv"
    file.write_text("\n".join(",".join(line) for line in (columns, row, bad)) + "\n")
    main(["apply", str(TUMOURS)])

    assert main(["upload", "tumours", str(file)]) == DONE
    written = capsys.readouterr().out
    assert "tumours/rows.csv" in written
    assert "a lot" in written
    (receipt,) = answer(capsys, "upload", "tumours", str(file))
    assert (receipt["rows_read"], receipt["rows_kept"], receipt["rows_rejected"]) == (2, 1, 1)
    changed = tmp_path / "tumours.toml"
    changed.write_text(TUMOURS.read_text().replace("mean_texture", "mean_texture_2"))
    main(["apply", str(changed)])
    capsys.readouterr()
    (again,) = answer(capsys, "upload", "tumours", str(file))
    assert again["definition"] != receipt["definition"]
    file.write_text("nothing,else\n1,2\n")
    assert main(["upload", "tumours", str(file)]) == REFUSED


def test_the_difference_of_two_versions_names_what_changed(lake: Store, capsys: pytest.CaptureFixture[str]) -> None:
    difference = answer(capsys, "diff", "people/previous", "people")

    assert difference["versions"] == [FIRST, SECOND]
    assert set(difference["changed"]) == {"model_bytes"}
    assert "-gate.min_metric = 0.6" in difference["definition"]
    assert main(["diff", "people/people-7", "people"]) == USAGE


def test_a_copy_has_the_same_bytes_and_may_be_made_again(
    lake: Store, aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    copied = answer(capsys, "copy", SECOND, "--to", "prod")

    target = Store(aws.inbox)
    assert copied["copied"][-1] == Manifest.key("people", SECOND)
    assert {key: target.read(key).data for key in copied["copied"]} == {
        key: lake.read(key).data for key in lake.keys(f"versions/people/{SECOND}/")
    }
    assert answer(capsys, "copy", SECOND, "--to", "prod")["copied"] == []


def test_a_version_that_does_not_answer_its_golden_rows_is_no_copy(lake: Store) -> None:
    tiny.put_version(lake, tiny.people(120).named(SECOND).broken())

    assert main(["copy", SECOND, "--to", "prod"]) == REFUSED


@pytest.fixture
def travellers(lake: Store) -> Path:
    """The champion has a feature that a function of one's own makes; its file is copied to a folder of its own."""
    far = {"make": "features.distance", "from": ["age", "hours", "age", "age"]}
    rows = [{"age": row % 80, "hours": row % 7, "income": str(row % 2)} for row in range(120)]
    tiny.deploy(lake, tiny.made("people", tiny.PEOPLE | {"derived": {"far": far}}, rows).named(SECOND))
    return own_functions.source_path("features.distance")


def test_a_version_of_changed_functions_is_neither_exported_nor_copied(
    lake: Store, travellers: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "distance.py").write_text(travellers.read_text().replace("6371.0088", "6371.0089"))
    monkeypatch.setattr(own_functions, "FOLDER", tmp_path)

    for command in (["export", "people", "--to", str(tmp_path / "people")], ["copy", SECOND, "--to", "prod"]):
        assert main(command) == REFUSED
        assert "features.distance of the preprocessing layer is another function" in capsys.readouterr().err


@pytest.mark.usefixtures("travellers")
def test_an_exported_version_has_the_functions_that_it_pins(
    lake: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "people"
    answer(capsys, "export", "people", "--to", str(folder))
    command = [sys.executable, "example.py"]

    assert subprocess.run(command, cwd=folder, env={}, check=True, capture_output=True)
    file = folder / "features" / "distance.py"
    file.write_text(file.read_text().replace("6371", "6372"))
    changed = subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True)
    assert "a function of features/ was changed" in changed.stderr


def test_an_exported_version_predicts_without_aws_and_without_this_project(
    lake: Store, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    exported = answer(capsys, "export", "people", "--to", str(tmp_path / "people"))

    assert exported["files"] == sorted(path.name for path in (tmp_path / "people").iterdir())
    example = subprocess.run(
        [sys.executable, "example.py"], cwd=tmp_path / "people", capture_output=True, text=True, env={}, check=True
    )
    answers = json.loads(example.stdout)["answers"]
    golden = json.loads((tmp_path / "people" / "golden.json").read_text())["answers"][:3]
    assert answers == [pytest.approx(row, abs=1e-5) for row in golden]
    assert main(["export", "people", "--to", str(tmp_path / "people")]) == REFUSED


def test_a_file_of_rows_is_read_by_the_definition_of_the_champion(
    lake: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sent: list[Any] = []

    def ask(_: StackClient, path: str, body: Any) -> tuple[int, Any]:
        sent.append((path, body))
        count = len(body["instances"])
        return 200, {"predictions": [{"value": 1.0}] * count, "prediction_ids": ["p"] * count, "model_version": SECOND}

    monkeypatch.setattr(StackClient, "ask", ask)
    file = tmp_path / "rows.csv"
    file.write_text("age,hours,city,sex,member,joined\n" + "31,40,Paris,female,true,2019-01-11\n" * 1001)

    predicted = answer(capsys, "predict", "people", "--file", str(file))

    assert [len(body["instances"]) for _, body in sent] == [1000, 1]
    assert len(predicted["predictions"]) == 1001
    assert {path for path, _ in sent} == {"/v1/models/people:predict"}
