"""Faults of single columns are named with the column and the figure; what only looks like one is not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from benchmarks.simulation.checked_tables import invent_columns
from preprocessing import objects
from refrain.checks import column_checks
from refrain.checks.column_checks import find_dates, find_disguised_missing, find_equal_columns, find_leaking_columns
from tests.checked import CLASSES, VALUES, checked, numbers

if TYPE_CHECKING:
    from benchmarks.simulation.checked_tables import Shape

RANDOM = np.random.default_rng(1)
DAYS = np.datetime64("2024-01-01", "D") + RANDOM.integers(0, 600, 1500)


@pytest.mark.parametrize("shape", [CLASSES, VALUES], ids=["classes", "values"])
def test_a_column_that_follows_the_target_is_named_with_its_power(shape: Shape) -> None:
    target = invent_columns(shape, 3)["target"]
    follows = (target == "yes") if shape.classes else target
    rows = checked(shape, added={"follower": follows + RANDOM.normal(0, 0.01, 1500)})

    (finding,) = find_leaking_columns(rows)

    assert finding.columns == ["follower"]
    assert finding.sentence.startswith("follower alone tells target nearly perfectly (")
    assert "on the holdout). If it is not known when a prediction is asked for" in finding.sentence


DATES = {
    "time": DAYS.astype("datetime64[us]"),
    "YYYYMMDD": np.char.replace(DAYS.astype(str), "-", "").astype(float),
    "YYYYMM": np.array([float(day[:7].replace("-", "")) for day in DAYS.astype(str)]),
    "seconds": DAYS.astype("datetime64[s]").astype(float),
    "milliseconds": DAYS.astype("datetime64[ms]").astype(float),
    "text": objects(DAYS.astype(str).tolist()),
    "American text": objects([f"{day[:4]}/{day[5:7]}/{day[8:]} 12:00" for day in DAYS.astype(str)]),
}
NO_DATES = {
    "years": RANDOM.integers(1900, 2020, 1500).astype(float),
    "amounts": RANDOM.lognormal(14, 1, 1500).round(),
    "postcodes": RANDOM.integers(10_000, 99_999, 1500).astype(float),
    "large numbers": RANDOM.integers(19_000_000, 21_000_000, 1500).astype(float),
    "texts": objects([f"19-{number}" for number in RANDOM.integers(0, 99, 1500)]),
}


@pytest.mark.parametrize("form", [form for form in DATES if form != "YYYYMM"])
def test_a_date_is_known_in_whatever_form_it_comes(form: str) -> None:
    assert [finding.columns for finding in find_dates(checked(added={"when": DATES[form]}))] == [["when"]]


@pytest.mark.parametrize("form", NO_DATES)
def test_numbers_and_texts_that_are_no_dates_are_not_taken_for_them(form: str) -> None:
    assert list(find_dates(checked(added={"when": NO_DATES[form]}))) == []


def test_months_are_dates_once_there_are_enough_of_them() -> None:
    months = np.array([float(f"{year}{month:02d}") for year in range(2000, 2010) for month in range(1, 13)])

    assert column_checks.written_date(months) == "a month of the form YYYYMM"
    assert column_checks.written_date(DATES["YYYYMM"][:12]) == ""


def test_all_columns_that_say_the_same_are_in_one_finding() -> None:
    added = {"pounds": RANDOM.normal(50, 9, 1500)}
    added |= {"kilograms": (added["pounds"] / 2.2046).round(2), "lightness": -added["pounds"]}

    (finding,) = find_equal_columns(checked(added=added))

    assert finding.columns == ["pounds", "kilograms", "lightness"]


def test_two_flags_that_are_nearly_always_the_same_do_not_say_the_same() -> None:
    flags = {f"flag {number}": (RANDOM.random(1500) < 0.005).astype(float) for number in range(4)}

    assert list(find_equal_columns(checked(added=flags))) == []


MARKED: dict[str, Any] = {
    "-999": np.where(RANDOM.random(1500) < 0.1, -999.0, RANDOM.normal(50, 10, 1500)),
    "9999": np.where(RANDOM.random(1500) < 0.03, 9999.0, RANDOM.poisson(40, 1500)),
    "Unknown": objects(np.where(RANDOM.random(1500) < 0.1, "Unknown", "blue").tolist()),
}
NOT_MARKED: dict[str, Any] = {
    "one of many ages": RANDOM.integers(18, 100, 1500).astype(float),
    "a usual end": np.minimum(RANDOM.normal(70, 20, 1500), 99.0),
    "a single slip": np.where(numbers() == 7, 999.0, RANDOM.normal(size=1500)),
    "a word within": objects(["unknown artist", "missing link", "blue"] * 500),
}


@pytest.mark.parametrize("name", MARKED)
def test_a_value_that_stands_for_a_missing_one_is_named(name: str) -> None:
    (finding,) = find_disguised_missing(checked(added={"marked": MARKED[name]}))

    assert name in finding.sentence
    assert finding.columns == ["marked"]


@pytest.mark.parametrize("name", NOT_MARKED)
def test_other_values_at_an_end_are_no_missing_ones(name: str) -> None:
    assert list(find_disguised_missing(checked(added={"marked": NOT_MARKED[name]}))) == []
