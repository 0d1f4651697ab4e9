"""A sample of rows is the same whatever parts it is put together from, and it is of all rows alike."""

from __future__ import annotations

import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import objects
from refrain.lake.observed_rows import ObservedRows
from refrain.statistics.hashing import text_hashes


def observe(numbers: list[int]) -> ObservedRows:
    """Rows that hold their number in every array."""
    values = np.array(numbers, np.float64)
    return ObservedRows(
        hashes=text_hashes([str(number) for number in numbers]),
        times=np.datetime64("2026-11-01", "us") + np.array(numbers, np.int64) * np.timedelta64(1, "s"),
        columns={"city": objects([str(number) for number in numbers])},
        matrix=values[:, np.newaxis].astype(np.float32),
        answers=values[:, np.newaxis],
        bounds=values,
        entities=values.astype(np.uint64),
    )


@given(st.lists(st.integers(0, 60), min_size=1, max_size=60), st.integers(1, 4), st.integers(1, 20), st.integers(0, 9))
def test_samples_of_parts_make_the_sample_of_all_rows(numbers: list[int], parts: int, rows: int, seed: int) -> None:
    whole = ObservedRows.join([observe(sorted(set(numbers)))]).smallest(rows)
    random.Random(seed).shuffle(numbers)

    samples = [ObservedRows.join([observe(numbers[part::parts])]).smallest(rows) for part in range(parts)]
    sample = ObservedRows.join(samples).smallest(rows)

    assert sample.hashes.tolist() == whole.hashes.tolist() == sorted(whole.hashes.tolist())
    for array in (
        sample.matrix[:, 0],
        sample.answers[:, 0],
        sample.bounds,
        sample.entities,
        sample.columns["city"].astype(float),
    ):
        assert array.tolist() == whole.entities.tolist()


def test_each_row_is_as_likely_to_be_chosen_as_any_other() -> None:
    sample = ObservedRows.join([observe(list(range(20_000)))]).smallest(2_000)

    assert sample.answers.mean() == pytest.approx(10_000, abs=4 * 20_000 / np.sqrt(12 * 2_000))
