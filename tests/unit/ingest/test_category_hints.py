"""Which categories look like one value, and which key of the definition makes them one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from preprocessing import parse_definition, prepare, rows_to_columns
from refrain.ingest.category_hints import MAX_HINT_LENGTH, hint_categories

TEXTS = [
    "19",
    "19.0",
    "19.",
    "-1.0",
    "007",
    "7",
    "1.10",
    "1.1",
    "True",
    "true",
    "FALSE",
    "false",
    "Bern",
    "bern",
    "BERN",
]


@pytest.mark.parametrize(
    ("texts", "hints"),
    [
        (["19", "19.0"], ["column 'x' has the categories '19.0' and '19': whole = true makes them one"]),
        (["19.0", "20.0"], ["column 'x' has the category '19.0', but 19 in JSON is '19': whole = true makes them one"]),
        (["True", "true"], ["column 'x' has the categories 'True' and 'true': lower = true makes them one"]),
        (
            ["True", "False"],
            ["column 'x' has the category 'False', but false in JSON is 'false': lower = true makes them one"],
        ),
        (["BERN", "Bern", "bern"], ["column 'x' has the categories 'BERN' and 'bern': lower = true makes them one"]),
        (["007", "7"], []),
        (["1.10", "1.1", "1.0"], []),
        (["Bern", "Genf"], []),
        (["true", "false"], []),
        ([], []),
    ],
)
def test_a_hint_names_the_column_an_example_and_the_key(texts: list[str], hints: list[str]) -> None:
    assert list(hint_categories("x", texts)) == hints


@given(st.lists(st.sampled_from(TEXTS) | st.text(max_size=3), max_size=8, unique=True))
def test_the_key_of_a_hint_leaves_fewer_categories_or_those_of_json(texts: list[str]) -> None:
    for hint in hint_categories("x", texts):
        key = hint.rpartition(": ")[2].partition(" ")[0]
        columns = {"x": {"type": "category", key: True, "only_missing": []}, "y": {"type": "category"}}
        training = {"candidates": [{"name": "tree", "estimator": "sklearn.tree.DecisionTreeClassifier"}]}
        document = {"task": "classification", "target": "y", "columns": columns, "training": training}
        raw = rows_to_columns([{"x": text} for text in texts], ["x"])
        read, problems = prepare(parse_definition("m", document, "m.toml"), raw, len(texts), columns=["x"])
        assert not problems
        assert len(set(read["x"])) < len(texts) or ("in JSON" in hint and set(read["x"]) != set(texts))


def test_prose_gives_no_hint() -> None:
    prose = "Ä" * (MAX_HINT_LENGTH + 1)
    assert list(hint_categories("shop", [prose, prose.lower()])) == []
    assert len(list(hint_categories("shop", [prose[1:], prose[1:].lower()]))) == 1
