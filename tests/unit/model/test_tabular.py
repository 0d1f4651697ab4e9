from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from refrain.errors import BrokenVersion
from refrain.fast_path.features import RequestFeatures
from refrain.lake.version import Golden, read_version_files
from refrain.model.tabular import TabularModel
from tests.unit.serving import tiny


def load(model: tiny.Model) -> TabularModel:
    return TabularModel.load(model.files.manifest, model.files.model, model.files.baseline)


def test_the_golden_rows_are_answered_as_they_were_in_training(
    tiny_version: tiny.Model, tiny_regression: tiny.Model
) -> None:
    for model in (tiny_version, tiny_regression):
        replay = load(model).replay(model.files.golden)
        assert replay.rows == len(model.files.golden.rows) > 20
        assert (replay.differing, replay.holds) == (0, True)


def test_the_way_of_lists_is_proved_as_well(tiny_version: tiny.Model) -> None:
    servable = load(tiny_version)
    astray = {name: known[::-1] for name, known in servable.vocabularies.items()}
    servable._request_features = RequestFeatures(servable.definition, astray)

    assert not servable.replay(tiny_version.files.golden).holds


def test_a_replay_without_rows_proves_nothing(tiny_version: tiny.Model) -> None:
    assert not load(tiny_version).replay(Golden([], [])).holds


def test_golden_rows_with_other_answers_are_found(tiny_version: tiny.Model, tiny_regression: tiny.Model) -> None:
    for model in (tiny_version, tiny_regression):
        assert not load(model).replay(model.broken().files.golden).holds


@pytest.mark.parametrize(
    "golden",
    [
        Golden([{"age": 1}], []),
        Golden([{"age": 1}], [["much"]]),
        Golden([{"age": 1}], [[0.5, 0.25, 0.25]]),
        Golden([{"age": -1}], [[0.5, 0.5]]),
        Golden([7], [[0.5, 0.5]]),
    ],
)
def test_damaged_golden_rows_are_a_broken_version(tiny_version: tiny.Model, golden: Golden) -> None:
    with pytest.raises(BrokenVersion, match="people-1: its golden"):
        load(tiny_version).replay(golden)


def test_a_graph_that_fails_is_a_broken_version(tiny_version: tiny.Model) -> None:
    with pytest.raises(BrokenVersion, match="its graph fails"):
        load(tiny_version).score(np.zeros((1, 2), dtype=np.float32))


@pytest.mark.parametrize(
    "change",
    [
        {"definition": {"task": "divination"}},
        {"definition": None},
        {"vocabularies": None},
        {"features": ["age"]},
        {"features": None},
        {"classes": None},
        {"model": "Not A Name"},
        {"version": None, "model": None},
    ],
)
def test_a_damaged_manifest_is_a_broken_version(tiny_version: tiny.Model, change: dict[str, Any]) -> None:
    with pytest.raises(BrokenVersion):
        load_damaged(tiny_version, {"manifest.json": tiny_version.files.manifest.to_json() | change})


@pytest.mark.parametrize("graph", [b"", b"not a graph", b"\x08\x01"])
def test_a_damaged_graph_is_a_broken_version(tiny_version: tiny.Model, graph: bytes) -> None:
    with pytest.raises(BrokenVersion, match="graph"):
        TabularModel.load(tiny_version.files.manifest, graph)


def test_the_graph_of_another_model_is_a_broken_version(tiny_version: tiny.Model, tiny_regression: tiny.Model) -> None:
    with pytest.raises(BrokenVersion, match="graph goes from"):
        TabularModel.load(tiny_version.files.manifest, tiny_regression.files.model)


def test_a_graph_of_fewer_features_or_classes_is_a_broken_version(tiny_version: tiny.Model) -> None:
    manifest = tiny_version.files.manifest
    fewer = replace(manifest, definition={**manifest.definition, "derived": {}}, features=manifest.features[:-1])
    with pytest.raises(BrokenVersion, match="takes 7 features"):
        TabularModel.load(fewer, tiny_version.files.model)
    servable = TabularModel.load(replace(manifest, classes=("a", "b", "c")), tiny_version.files.model)
    with pytest.raises(BrokenVersion, match="answers"):
        servable.predict_columns(servable.prepare([tiny.ADA])[0])


@pytest.mark.parametrize(
    "baseline",
    [
        {"rows": None},
        {"features": None},
        {"features": {"age": {}}},
        {"features": {"age": {"min": "x", "max": 1, "std": None, "missing": 0}}},
    ],
)
def test_a_damaged_baseline_is_a_broken_version(tiny_version: tiny.Model, baseline: dict[str, Any]) -> None:
    with pytest.raises(BrokenVersion, match="baseline"):
        load_damaged(tiny_version, {"baseline.json": tiny_version.files.baseline.to_json() | baseline})


def test_golden_rows_that_are_none_are_a_broken_version(tiny_version: tiny.Model) -> None:
    damaged: list[dict[str, Any]] = [{}, {"rows": None, "answers": []}]
    for content in damaged:
        with pytest.raises(BrokenVersion, match="golden"):
            load_damaged(tiny_version, {"golden.json": content})


def load_damaged(model: tiny.Model, changed: dict[str, Any]) -> None:
    """Load a version of which some files have another content."""
    lake = tiny.Lake()
    tiny.put_version(lake, model)
    for name, content in changed.items():
        lake.write_json(f"versions/people/people-1/{name}", content)
    files = read_version_files(lake, "people", "people-1")
    TabularModel.load(files.manifest, files.model, files.baseline)


def test_what_is_written_is_what_is_read(tiny_version: tiny.Model) -> None:
    lake = tiny.Lake()
    tiny.put_version(lake, tiny_version)
    assert read_version_files(lake, "people", "people-1") == tiny_version.files


@pytest.mark.parametrize("name", ["manifest.json", "model.onnx", "baseline.json", "golden.json"])
def test_an_absent_or_changed_file_is_a_broken_version(tiny_version: tiny.Model, name: str) -> None:
    for content in (None, b"{", b"[]"):
        lake = tiny.Lake()
        tiny.put_version(lake, tiny_version)
        if content is None:
            lake._store.delete(f"versions/people/people-1/{name}")
        else:
            lake.write(f"versions/people/people-1/{name}", content)
        with pytest.raises(BrokenVersion, match=name):
            read_version_files(lake, "people", "people-1")


def test_a_version_without_what_is_familiar_sees_no_combinations_and_a_damaged_one_is_broken() -> None:
    lake, key = tiny.Lake(), "versions/people/people-1/familiar.npz"
    tiny.put_version(lake, tiny.people(700))

    def load() -> TabularModel:
        files = read_version_files(lake, "people", "people-1")
        return TabularModel.load(files.manifest, files.model, files.baseline, files.familiar)

    assert load().familiar.combinations is not None
    lake._store.delete(key)
    assert load().familiar.combinations is None
    lake.write(key, b"no npz")
    with pytest.raises(BrokenVersion, match=r"what is familiar"):
        load()


def test_the_manifest_of_another_version_is_not_taken(tiny_version: tiny.Model) -> None:
    lake = tiny.Lake()
    files = replace(tiny_version.files, manifest=replace(tiny_version.files.manifest, version="people-2"))
    tiny.put_version(lake, tiny_version)
    files.manifest.write(lake, "people", "people-1")
    with pytest.raises(BrokenVersion, match="another version"):
        read_version_files(lake, "people", "people-1")
