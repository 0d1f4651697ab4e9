"""A draft is proved by all rows, and mended where the sample did not show what they hold."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from refrain.drafting.proved_draft import prove_draft
from refrain.drafting.table_draft import SampledTable

if TYPE_CHECKING:
    from collections.abc import Mapping

    from preprocessing import Definition

ROWS = 200
COLUMNS: dict[str, list[object]] = {
    "id": [f"k{row}" for row in range(ROWS)],
    "day": [f"2026-{1 + row // 28:02}-{1 + row % 28:02}" for row in range(ROWS)],
    "x": [str(row * 37 % 101 + 0.5) for row in range(ROWS)],
    "flag": [str(row * 7 % 3 % 2) for row in range(ROWS)],
    "class": ["up" if row * 13 % 5 < 2 else "down" for row in range(ROWS)],
}
TABLE = SampledTable(COLUMNS, share=0.1)


@dataclass
class Shown:
    rows: int = 2000
    refused: Mapping[str, Counter[Any]] = field(default_factory=dict)
    repeated_keys: int = 0


def prove(*readings: Shown) -> tuple[Definition, int]:
    """Prove a draft by what one reading after the other shows; the last one shows nothing new."""
    left = list(readings)
    definitions: list[Definition] = []

    def read(definition: Definition) -> Shown:
        definitions.append(definition)
        return left.pop(0) if left else Shown()

    draft, _ = prove_draft(TABLE, "m", "class", read)
    assert draft.definition.document == definitions[-1].document
    return draft.definition, len(definitions)


def test_a_draft_with_which_nothing_is_wrong_is_read_once() -> None:
    definition, readings = prove()

    assert (definition.key, definition.time, readings) == (("id",), "day", 1)


def test_a_column_whose_values_were_refused_gets_the_type_that_holds_them() -> None:
    definition, _ = prove(Shown(refused={"flag": Counter({"2": 30}), "x": Counter({"a few": 400, "b": 300, "c": 9})}))

    assert definition.columns["flag"].kind == "number"
    assert "x" not in definition.columns  # texts of which most are rare


def test_a_text_among_numbers_that_comes_again_means_missing_and_single_ones_are_rejected() -> None:
    definition, _ = prove(Shown(refused={"x": Counter({"n/a": 30, "1..2": 1})}))

    assert definition.columns["x"].kind == "number"
    assert "n/a" in definition.columns["x"].missing


def test_classes_that_the_sample_lacks_are_added() -> None:
    definition, _ = prove(Shown(refused={"class": Counter({"sideways": 12})}))

    assert definition.columns["class"].allowed == ("down", "sideways", "up")


def test_a_time_that_rows_lack_and_a_key_that_comes_again_are_given_up() -> None:
    definition, _ = prove(Shown(refused={"day": Counter({None: 40, "": 3})}, repeated_keys=5))

    assert (definition.key, definition.time) == ((), "")


def test_a_few_rows_without_a_time_are_rejected() -> None:
    assert prove(Shown(refused={"day": Counter({"": 1})}))[0].time == "day"
