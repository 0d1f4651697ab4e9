"""Nobody is judged by rows that it learned from, in whatever order rows come and however the definition changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from preprocessing import objects
from refrain.lake.learned_rows import are_enough
from refrain.lake.snapshot import LabelCounts
from refrain.snapshot.labelled_rows import LabelledRows
from refrain.statistics.comparison import CHAMPION
from tests.unit.evaluation.learned_runs import LearnedRuns
from tests.unit.snapshot.conftest import define, make_receipt

if TYPE_CHECKING:
    from preprocessing import Columns, Definition
    from tests.unit.snapshot.conftest import Define, MakeReceipt

__all__ = ["define", "make_receipt"]

FIRST, SECOND = "20261101T000000-aaaaaa", "20261108T000000-bbbbbb"
CHAMPIONS_VERSION = f"{FIRST}-linear"

rows_of_shops = st.lists(
    st.tuples(st.integers(0, 9), st.sampled_from("abcdefghijklmnop"), st.integers(0, 3)), min_size=8
)
uploads_of_shops = st.lists(rows_of_shops, min_size=1, max_size=3)
keys = st.sampled_from([[], ["who"], ["who", "at"]])
trainings = st.fixed_dictionaries(
    {"split": st.sampled_from(["time", "upload", "hash"]), "holdout": st.sampled_from([0.2, 0.4])},
    optional={"window": st.just("5d"), "group": st.just("at")},
)


def shaped(define: Define, key: list[str], training: dict[str, Any]) -> Definition:
    return define(task="regression", time="at", training=training, **({"key": key} if key else {}))


def names_of(rows: Columns, definition: Definition) -> list[tuple[Any, ...]]:
    """Name rows by the values of what identifies them, without any hash."""
    return list(zip(*(map(str, rows[name].tolist()) for name in definition.identity), strict=True))


@settings(
    max_examples=25, deadline=None, phases=[Phase.explicit, Phase.generate], suppress_health_check=list(HealthCheck)
)
@given(
    before=uploads_of_shops,
    after=uploads_of_shops,
    first=st.tuples(keys, trainings),
    second=st.none() | st.tuples(keys, trainings),
)
def test_no_row_that_is_compared_was_learned_by_the_champion_or_a_candidate(
    define: Define, make_receipt: MakeReceipt, before: Any, after: Any, first: Any, second: Any
) -> None:
    # Given a champion of a first run, then uploads in any order, and any change of key, split, holdout and window
    runs = LearnedRuns(make_receipt, uploads=list(before))
    definition = shaped(define, *first)
    learned = runs.learn(definition, FIRST)
    runs.uploads += after

    # When the next run compares
    definition = shaped(define, *(second or first))
    rows = runs.freeze(definition)
    assume(0 < rows.held_out < len(rows))
    fair, compared = runs.compare(definition, rows, SECOND, CHAMPIONS_VERSION)

    # Then the champion has learned none of the rows, or its recipe stands for it
    names = names_of(compared, definition)
    if fair.rows.stand_in is None:
        assert definition.identity == shaped(define, *first).identity
        assert not {*names_of(learned, definition)} & {*names}
        assert fair.entrants[CHAMPION].judged is None
    else:
        assert fair.entrants[CHAMPION].judged == f"{SECOND}-{fair.rows.stand_in}"
    assert fair.rows.favoured == ""
    # And candidates have learned none of them, unless most of the holdout are copies of training rows
    training, holdout = (names_of(rows, definition) for rows in runs.sides)
    copies = np.isin([str(name) for name in holdout], [str(name) for name in training])
    assert not {*training} & {*names} or not are_enough(~copies) or fair.rows.learned
    assert len(names) == fair.rows.rows == len(holdout) - fair.rows.learned - fair.rows.copies


HISTORY = [(number % 300, f"new {number}", float(number)) for number in range(1000, 5000)]
FIRST_MONTH = [(300 + number % 30, str(number), float(number)) for number in range(1000)]
CORRECTED = [(day, who, spent + 0.5) for day, who, spent in FIRST_MONTH[:400]]
NEWER = [(331, f"new {number}", float(number)) for number in range(400)]


@pytest.mark.parametrize(
    ("split", "upload", "learned", "stand_in"),
    [
        ("time", HISTORY, 0.80, "linear"),
        ("upload", CORRECTED, 1.0, "linear"),
        ("hash", HISTORY, 0, None),
        ("time", NEWER, 0, None),
    ],
    ids=["history after the newest month", "corrected rows", "history, split by hash", "newer rows alone"],
)
def test_late_history_and_corrections_are_learned_rows_and_recipes_are_compared(
    define: Define, make_receipt: MakeReceipt, split: str, upload: Any, learned: float, stand_in: str | None
) -> None:
    definition = shaped(define, ["who"], {"split": split, "holdout": 0.2})
    runs = LearnedRuns(make_receipt, uploads=[FIRST_MONTH])
    trained = {*runs.learn(definition, FIRST)["who"].tolist()}
    runs.uploads.append(upload)

    fair, compared = runs.compare(definition, runs.freeze(definition), SECOND, CHAMPIONS_VERSION)

    holdout = runs.sides[1]["who"]
    assert np.mean([who in trained for who in holdout]) == pytest.approx(learned, abs=0.02)
    assert (fair.rows.stand_in, fair.rows.learned, fair.rows.rows) == (stand_in, 0, len(holdout))
    if stand_in is None:
        assert not trained & {*compared["who"].tolist()}


def test_a_labelled_prediction_that_was_learned_is_learned_when_its_row_is_uploaded(
    define: Define, make_receipt: MakeReceipt
) -> None:
    # Given a champion that learned 300 predictions with their labels, beside an upload
    definition = shaped(define, ["who"], {"split": "upload", "holdout": 0.2})
    runs = LearnedRuns(make_receipt, uploads=[FIRST_MONTH], labelled=labelled(range(1000, 1300)))
    learned = {*runs.learn(definition, FIRST)["who"].tolist()}
    assert len({f"new {number}" for number in range(1000, 1300)} & learned) > 50

    # When rows of some of them are uploaded, after new ones
    runs.uploads.append([row for row in reversed(HISTORY[:700]) if row[2] >= 1250])
    fair, compared = runs.compare(definition, runs.freeze(definition), SECOND, CHAMPIONS_VERSION)

    # Then the comparison asks about none of them
    assert (fair.rows.rows, fair.rows.learned, fair.rows.stand_in) == (290, 50, None)
    assert not learned & {*compared["who"].tolist()}


def labelled(numbers: range) -> LabelledRows:
    """Make predictions that were labelled before any upload."""
    count = len(numbers)
    columns = {
        "at": np.full(count, np.datetime64("1970-02-01", "us")),
        "who": objects([f"new {number}" for number in numbers]),
        "spent": np.array(numbers, float),
        "member": np.full(count, np.nan),
        "back": objects([None] * count),
    }
    times = np.full(count, np.datetime64("2026-10-01", "us"))
    identities = objects([str(number) for number in numbers])
    return LabelledRows(columns, times, times, identities, LabelCounts(count, count, 0, 0, []))
