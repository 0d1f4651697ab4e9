"""One request as it was answered by one version: what a captured line is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from preprocessing import Columns, Lists
    from refrain.fast_path.captured_rows import RowWriter


@dataclass(frozen=True)
class Shadow:
    """What a challenger answered to the same rows ("" where it had no answer), heard by nobody, and in how long."""

    version: str
    answers: Sequence[str]
    milliseconds: float


@dataclass(slots=True)  # made for each request, which takes four times as long when it is frozen
class Record:
    """The answers of one version to `len(ids)` rows, and the milliseconds that its model took for them.

    `columns` are the clean inputs, as `form` writes them. `aside` are the columns that say which row it is (key and
    event time), as they were sent, where they were. `answers` are as the caller read them, "0.25,0.75": probabilities
    in the order of `classes`, or for a regression (`classes` is None) one value each. `fallback` tells that a
    challenger should have answered, and had no answer. `request` is the id by which the logs know the request.
    """

    model: str
    version: str
    classes: Sequence[str] | None
    form: RowWriter
    ids: Sequence[str]
    columns: Columns | Lists
    aside: Mapping[str, Sequence[object]]
    answers: Sequence[str]
    unfamiliar: Sequence[Sequence[str]]
    milliseconds: float
    fallback: bool = False
    shadow: Shadow | None = None
    request: str = ""

    def taken(self, places: Sequence[int]) -> Record:
        """The same with some of its rows."""
        shadow = self.shadow
        return replace(
            self,
            ids=[self.ids[place] for place in places],
            columns={name: _taken(values, places) for name, values in self.columns.items()},
            aside={name: [sent[place] for place in places] for name, sent in self.aside.items()},
            answers=[self.answers[place] for place in places],
            unfamiliar=[self.unfamiliar[place] for place in places],
            shadow=shadow and replace(shadow, answers=[shadow.answers[place] for place in places]),
        )


def _taken(values: Any, places: Sequence[int]) -> Any:
    return [values[place] for place in places] if isinstance(values, list) else values[list(places)]
