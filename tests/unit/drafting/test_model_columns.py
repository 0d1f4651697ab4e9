"""A draft for a model from elsewhere has its columns as it takes them, and leaves the others to later candidates."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from refrain.drafting.model_columns import draft_for_model
from refrain.drafting.table_draft import SampledTable, draft_table
from refrain.errors import CannotImport

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from refrain.drafting.table_draft import TableDraft

ROWS = 120
TABLE = {
    "code": [f"0{row % 7}" for row in range(ROWS)],
    "state": [("NA", "OH", "TX", "CA", "AL", "WA")[row % 6] for row in range(ROWS)],
    "amount": [str(row * 1.5) for row in range(ROWS)],
    "level": [str(row % 3) for row in range(ROWS)],
    "answer": [("yes", "no", "no")[row % 3] for row in range(ROWS)],
}


def draft(
    target: str, classes: Sequence[str] | None, categories: Mapping[str, Collection[str]], numbers: Collection[str]
) -> TableDraft:
    drafted = draft_table(SampledTable(TABLE), "codes", target)
    return draft_for_model(drafted, classes, categories, numbers, ROWS)


def test_categories_keep_the_texts_that_the_model_knows_even_those_that_usually_mean_missing() -> None:
    definition = draft("answer", ["no", "yes"], {"state": ["NA", "OH"], "code": ["00"]}, ["amount"]).definition

    assert "na" not in definition.columns["state"].missing
    assert [definition.columns[name].kind for name in ("state", "code", "amount")] == ["category", "category", "number"]


def test_a_target_whose_classes_are_words_is_no_boolean() -> None:
    assert draft("answer", ["no", "yes"], {}, ["amount"]).definition.columns["answer"].kind == "category"
    assert draft("answer", ["false", "true"], {}, ["amount"]).definition.columns["answer"].kind == "boolean"


def test_the_task_is_that_of_the_model() -> None:
    assert draft("level", ["0", "1", "2"], {}, ["amount"]).task == "classification"
    definition = draft("level", None, {}, ["amount"]).definition
    assert (definition.task, definition.training.metric) == ("regression", "rmse")


def test_a_column_that_the_file_lacks_is_named() -> None:
    with pytest.raises(CannotImport, match="the model takes 'age', and the file has no such column"):
        draft("answer", ["no", "yes"], {}, ["age"])
