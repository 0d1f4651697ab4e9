"""The flights of the demo are real ones in time order; a mistaken export changes only their air time."""

from __future__ import annotations

from datetime import datetime

import numpy as np
import pytest

from local.demo.errors import DemoFailed
from local.demo.flights import BLOCK, FIRST, TARGET, Flights, as_csv, read_flights, without_target
from local.demo.stream import DEFINITION, MODEL
from preprocessing import load_definition, prepare, rows_to_columns


@pytest.fixture(scope="module")
def flights() -> Flights:
    return read_flights()


def test_the_stream_is_in_time_order_and_follows_the_training_flights(flights: Flights) -> None:
    blocks = list(flights.blocks(3))

    departures = [str(row["departs"]) for rows in [flights.first, *blocks] for row in rows]
    assert departures == sorted(departures)
    assert [len(rows) for rows in [flights.first, *blocks]] == [FIRST, BLOCK, BLOCK, BLOCK]
    assert len({row["flight"] for rows in [flights.first, *blocks] for row in rows}) == FIRST + 3 * BLOCK
    assert next(iter(Flights(flights.frame, skipped=2).blocks(1))) == blocks[2]


def test_the_definition_accepts_every_flight(flights: Flights) -> None:
    definition = load_definition(DEFINITION)
    rows = [*flights.first, *flights.export("2013-06-01", "2013-06-15", mistaken=True)]

    _, problems = prepare(definition, rows_to_columns(rows, list(definition.columns)), len(rows))

    assert (definition.model, problems) == (MODEL, [])


def test_a_mistaken_export_differs_only_in_the_target_and_by_much(flights: Flights) -> None:
    right = flights.export("2013-06-01", "2013-06-15", mistaken=False)
    wrong = flights.export("2013-06-01", "2013-06-15", mistaken=True)

    assert without_target(right) == without_target(wrong)
    gaps = np.array(
        [float(str(one[TARGET])) - float(str(other[TARGET])) for one, other in zip(right, wrong, strict=True)]
    )
    assert np.abs(gaps).mean() > 30
    stream = {str(row["flight"]) for row in flights.first}
    assert not stream & {str(row["flight"]) for row in right}


def test_rows_are_uploaded_with_a_header_and_empty_fields(flights: Flights) -> None:
    row = flights.first[0] | {"temperature": None}

    header, line = as_csv([row]).decode().splitlines()

    assert header == "flight,departs,carrier,origin,destination,distance,temperature,air_time"
    assert line.split(",")[6] == ""
    assert datetime.fromisoformat(line.split(",")[1]).year == 2013


def test_without_the_package_the_demo_names_the_command_that_installs_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)

    with pytest.raises(DemoFailed, match="`make setup` installs it"):
        read_flights()
