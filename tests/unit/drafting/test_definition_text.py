"""The text of a draft: TOML that reads back as it was meant, whatever the names and values are."""

from __future__ import annotations

import tomllib

from hypothesis import given
from hypothesis import strategies as st

from refrain.drafting.definition_text import comment_of, definition_text, toml_key, toml_value
from refrain.drafting.table_draft import SampledTable, draft_table

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
VALUES = st.recursive(
    TEXTS | st.integers(-(2**60), 2**60) | st.booleans() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=8,
)


@given(name=TEXTS, value=VALUES)
def test_any_name_and_value_reads_back(name: str, value: object) -> None:
    line = f"{toml_key(name)} = {toml_value(value)}"

    assert "\n" not in line
    assert tomllib.loads(line) == {name: value}


@given(text=st.text())
def test_any_text_can_stand_in_a_comment(text: str) -> None:
    assert tomllib.loads(f"a = 1  # {comment_of(text)}") == {"a": 1}


def test_long_lists_are_wrapped_and_reasons_stand_beside_what_they_explain() -> None:
    names = [f"column_{number}" for number in range(30)]
    columns: dict[str, list[object]] = {}
    for index, name in enumerate(names):
        columns[name] = [(row * 37 + index * 13) % 101 + 0.5 * (row % 2) for row in range(60)]
    columns["kind"] = ["a" if row % 3 else "b" for row in range(60)]
    table = SampledTable(columns, source={"header": [*names, "kind"]}, reasons={"header": "there is none"})
    draft = draft_table(table, "m", "kind")
    text = definition_text(draft, "rows.csv", 60, {"": "it has no name", "a\nb": "twice"})

    assert tomllib.loads(text) == {**draft.document}
    assert max(map(len, text.splitlines())) <= 125
    assert 'target = "kind"  # your choice' in text
    assert "]  # there is none" in text
    assert "# (a column without a name) is not kept: it has no name" in text
    assert "# a b is not kept: twice" in text
