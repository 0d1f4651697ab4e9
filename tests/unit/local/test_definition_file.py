"""What `refrain check` calls wrong in a definition is not applied, whoever applies it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cli.app import main
from local import lake_store
from local.definition_file import apply_file
from local.stack_client import StackClient
from local.up import _apply_definitions
from preprocessing import DefinitionError
from refrain.lake.model_definition import known_models
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from pathlib import Path

DEFINITION = """
task = "regression"
target = "price"
[columns]
area = {{ type = "number" }}
price = {{ type = "number" }}
[training]
candidates = [{{ name = "linear", estimator = "sklearn.linear_model.{estimator}" }}]
"""


@pytest.mark.parametrize(
    ("estimator", "sentence"),
    [
        ("Rigde", "linear: sklearn.linear_model.Rigde is not an estimator of scikit-learn"),
        ("LogisticRegression", "linear: sklearn.linear_model.LogisticRegression is not for regression"),
        ('Ridge", alhpa = 1, other = "', "did you mean alpha"),
    ],
)
def test_a_candidate_that_cannot_be_made_is_refused_in_the_words_of_check(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], estimator: str, sentence: str
) -> None:
    lake, path = tiny.Lake(), tmp_path / "flats.toml"
    path.write_text(DEFINITION.format(estimator=estimator))

    with pytest.raises(DefinitionError) as refused:
        apply_file(lake, path, "ada")

    main(["check", str(path)])
    problem = capsys.readouterr().out.removeprefix("wrong: ").replace("\n", " ").strip()
    assert str(refused.value) == f"flats.toml: training.candidates: {problem}"
    assert sentence in problem
    assert lake.keys("") == []


def test_a_local_cloud_starts_with_the_definitions_that_can_be_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    lake = tiny.Lake()
    monkeypatch.setattr(lake_store, "open_lake", lambda _: lake)
    monkeypatch.setattr(StackClient, "__init__", lambda client, origin: setattr(client, "origin", origin))
    for model, estimator in (("bad", "Rigde"), ("good", "Ridge")):
        (tmp_path / f"{model}.toml").write_text(DEFINITION.format(estimator=estimator))

    _apply_definitions(tmp_path, {})

    assert "bad.toml: training.candidates: linear: sklearn.linear_model.Rigde is not" in capsys.readouterr().out
    assert known_models(lake) == ("good",)
