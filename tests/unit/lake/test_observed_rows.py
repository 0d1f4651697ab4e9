"""A sample of rows is the same whatever parts it is put together from, and it is of all rows alike."""

from __future__ import annotations

import random
from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from refrain.lake.observed_rows import MAX_HEADER_BYTES, ObservedRows
from refrain.statistics.hashing import text_hashes


def observe(numbers: list[int]) -> ObservedRows:
    """Rows that hold their number in every array."""
    values = np.array(numbers, np.float64)
    return ObservedRows(
        hashes=text_hashes([str(number) for number in numbers]),
        times=np.datetime64("2026-11-01", "us") + np.array(numbers, np.int64) * np.timedelta64(1, "s"),
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
    for array in (sample.matrix[:, 0], sample.answers[:, 0], sample.bounds, sample.entities):
        assert array.tolist() == whole.entities.tolist()


def test_each_row_is_as_likely_to_be_chosen_as_any_other() -> None:
    sample = ObservedRows.join([observe(list(range(20_000)))]).smallest(2_000)

    assert sample.answers.mean() == pytest.approx(10_000, abs=4 * 20_000 / np.sqrt(12 * 2_000))


def as_texts(rows: ObservedRows) -> list[str]:
    """Everything in rows, and its types."""
    arrays = [getattr(rows, field.name) for field in fields(rows)]
    return [f"{array.dtype} {array.tolist()}" for array in arrays]


@given(st.lists(st.integers(0, 60), max_size=30), st.booleans(), st.sampled_from([1.0, 0.1, 1e6 + 1 / 3, np.nan]))
def test_rows_come_back_as_they_were_whatever_they_hold(numbers: list[int], alone: bool, factor: float) -> None:
    rows = ObservedRows.join([observe(numbers)])
    rows = replace(
        rows,
        answers=rows.answers * factor,
        bounds=rows.bounds * np.nan,
        matrix=rows.matrix * np.float32(factor),
        entities=rows.hashes if alone else rows.entities,
    )

    assert as_texts(ObservedRows.unpack(rows.pack())) == as_texts(rows)


@given(st.integers(0, 61), st.integers(0, 8))
def test_a_beginning_of_what_was_written_holds_its_first_rows(count: int, more: int) -> None:
    rows = ObservedRows.join([observe(list(range(61)))])
    data = rows.pack()
    row = (len(data) - len(rows.select(np.array([], int)).pack())) // len(rows)
    header = len(data) - row * len(rows)

    assert header <= MAX_HEADER_BYTES
    assert as_texts(ObservedRows.unpack(data[: header + row * count + more])) == as_texts(rows.smallest(count))
