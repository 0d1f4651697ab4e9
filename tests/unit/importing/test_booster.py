"""Boosters of LightGBM, native or by its scikit-learn interface, become versions that answer the same."""

from __future__ import annotations

from typing import Any

import lightgbm
import numpy as np
import pytest

from refrain.errors import CannotImport
from refrain.importing.source_choice import open_source
from refrain.training.imported_fit import export_fitted
from tests.unit.importing.elsewhere import NAMES, NUMBERS, Elsewhere, people, register

TABLE = people()
AMOUNTS = Elsewhere(TABLE.features, TABLE.features.income.to_numpy() / 7 + 3)
QUIET = {"verbosity": -1, "num_threads": 1}


def booster(objective: str, target: Any) -> Any:
    rows = lightgbm.Dataset(TABLE.features[NUMBERS], target)
    return lightgbm.train({"objective": objective, **QUIET}, rows, num_boost_round=20)


def test_a_booster_of_two_classes_answers_as_it_did() -> None:
    native = booster("binary", TABLE.target == "yes")
    source = open_source(native, NAMES, ["no", "yes"], [], export_fitted)

    imported, files, proof = register(source, TABLE)

    assert proof.holds
    assert imported.definition.features == ("age", "income")
    assert files.manifest.classes == ("no", "yes")
    assert np.abs(imported.answers[:, 1] - native.predict(TABLE.features[NUMBERS])).max() == 0


def test_a_booster_of_values_answers_as_it_did() -> None:
    source = open_source(booster("regression", AMOUNTS.target), NUMBERS, [], [], export_fitted)

    assert register(source, AMOUNTS)[2].holds


def test_the_classes_of_a_booster_are_asked_for() -> None:
    with pytest.raises(CannotImport, match="the booster has 2 classes, and none are named"):
        open_source(booster("binary", TABLE.target == "yes"), NUMBERS, [], ["no", "yes"], export_fitted)
