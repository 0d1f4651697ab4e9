"""The hashes of the rows that a version learned from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from preprocessing import parse_definition
from refrain.errors import NotFound
from refrain.lake.learned_rows import are_enough, mark_learned, read_learned_hashes, read_row_hashes, write_row_hashes
from refrain.lake.version import TrainingRows
from tests.stored import RUN, make_manifest
from tests.unit.serving import tiny

if TYPE_CHECKING:
    from refrain.lake.version import Side

HASHES = np.array([7, 2**63, 5, 1, 3], np.uint64)
HOLDOUT = np.array([True, False, False, True, False])
DEFINITION = parse_definition("people", tiny.PEOPLE, "people.toml")


@pytest.fixture
def lake() -> tiny.Lake:
    lake = tiny.Lake()
    write_row_hashes(lake, "people", RUN, HASHES, HOLDOUT)
    return lake


def learn(lake: tiny.Lake, *sides: Side) -> str:
    manifest = make_manifest(DEFINITION, snapshot=TrainingRows("d1", 3, 2, sides=sides))
    manifest.write(lake, "people", manifest.version)
    return manifest.version


def test_the_hashes_of_a_side_are_in_the_order_of_its_rows(lake: tiny.Lake) -> None:
    assert read_row_hashes(lake, "people", RUN, ["holdout"]).tolist() == [7, 1]
    assert read_row_hashes(lake, "people", RUN, ["train", "holdout"]).tolist() == [2**63, 5, 3, 7, 1]


def test_a_judged_version_learned_the_training_rows_and_a_refitted_one_all(lake: tiny.Lake) -> None:
    assert read_learned_hashes(lake, "people", learn(lake, "train")).tolist() == [3, 5, 2**63]
    assert read_learned_hashes(lake, "people", learn(lake, "train", "holdout")).tolist() == [1, 3, 5, 7, 2**63]


def test_what_a_version_of_a_run_without_hashes_learned_is_not_to_be_found() -> None:
    lake = tiny.Lake()
    with pytest.raises(NotFound):
        read_learned_hashes(lake, "people", learn(lake, "train"))


def test_rows_of_a_run_without_hashes_count_as_learned() -> None:
    lake = tiny.Lake()
    learn(lake, "train")
    manifest = make_manifest(DEFINITION)
    assert mark_learned(lake, DEFINITION, manifest, HASHES).all()


@pytest.mark.parametrize(
    ("yes", "no", "enough"),
    [
        ([0, 20], [0, 80], True),
        ([10, 10], [0, 80], True),
        ([11, 9], [0, 80], False),
        ([9, 0], [0, 91], True),
        ([0, 20], [51, 29], False),
        ([0, 50], [50, 0], False),
    ],
    ids=["nothing", "half of a class", "most of a class", "a class of nine", "most rows", "all of a class"],
)
def test_half_of_the_rows_and_of_each_class_that_is_not_rare_have_to_be_left(
    yes: list[int], no: list[int], enough: bool
) -> None:
    counts = [*yes, *no]
    unlearned = np.repeat([False, True, False, True], counts)
    labels = np.repeat(["yes", "yes", "no", "no"], counts)

    assert are_enough(unlearned, labels) == enough
    assert are_enough(unlearned) == (unlearned.mean() >= 0.5)
