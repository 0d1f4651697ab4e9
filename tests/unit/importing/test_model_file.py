"""Files of every format are read, and those that run code only where they are trusted."""

from __future__ import annotations

import pickle
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import skops.io
import yaml
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import FunctionTransformer

from refrain.errors import CannotImport
from refrain.importing.model_file import read_model_file

if TYPE_CHECKING:
    from pathlib import Path

MODEL = LogisticRegression().fit(np.arange(4.0).reshape(-1, 1), [0, 0, 1, 1])


def test_skops_is_read_without_trust_as_long_as_it_knows_all_types(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    skops.io.dump(MODEL, file)

    assert read_model_file(file, trusted=False).coef_ == MODEL.coef_


def test_types_that_skops_does_not_know_have_to_be_trusted(tmp_path: Path) -> None:
    file = tmp_path / "model.skops"
    skops.io.dump(FunctionTransformer(np.log1p), file)
    skops.io.dump(FunctionTransformer(read_model_file), file)

    with pytest.raises(CannotImport, match=r"types that skops does not know \(refrain.*Loading it runs the code"):
        read_model_file(file, trusted=False)
    assert read_model_file(file, trusted=True).func is read_model_file


@pytest.mark.parametrize(("flavour", "key"), [("sklearn", "pickled_model"), ("lightgbm", "data")])
def test_a_folder_of_mlflow_is_read_by_its_flavour(tmp_path: Path, flavour: str, key: str) -> None:
    (tmp_path / "model.pkl").write_bytes(pickle.dumps(MODEL))
    describe(tmp_path, {flavour: {key: "model.pkl"}, "python_function": {}})

    assert read_model_file(tmp_path, trusted=True).coef_ == MODEL.coef_
    with pytest.raises(CannotImport, match=r"model\.pkl is a pickle\. Loading it runs the code"):
        read_model_file(tmp_path, trusted=False)


def test_what_cannot_be_read_is_refused_with_what_can(tmp_path: Path) -> None:
    (tmp_path / "model.h5").touch()
    (tmp_path / "model.pkl").write_bytes(b"no pickle")
    (tmp_path / "empty").mkdir()
    describe(tmp_path, {"pytorch": {}})

    for name, sentence in {
        "model.h5": r"expected a file that ends in \.skops",
        "model.pkl": "cannot be loaded: ",
        "empty": "expected a folder of MLflow, with a file MLmodel",
        ".": "expected the flavour sklearn, lightgbm or onnx, got pytorch",
    }.items():
        with pytest.raises(CannotImport, match=sentence):
            read_model_file(tmp_path / name, trusted=True)


def describe(folder: Path, flavours: dict[str, Any]) -> None:
    (folder / "MLmodel").write_text(yaml.safe_dump({"flavors": flavours}))


@pytest.mark.parametrize("text", ["", "[1]", "flavors: 3", "flavors: [a]", "{", "a: b", "\0", "flavors: {sklearn: 3}"])
def test_a_damaged_description_is_refused_with_what_was_expected(tmp_path: Path, text: str) -> None:
    (tmp_path / "MLmodel").write_text(text)

    with pytest.raises(CannotImport, match="expected"):
        read_model_file(tmp_path, trusted=True)
