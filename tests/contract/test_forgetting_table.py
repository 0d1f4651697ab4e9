"""Whatever the lake holds, the page on operations says how a person is forgotten in it."""

from __future__ import annotations

from typing import Any

import pytest

from refrain.lake.forgetting_receipt import folders_of_model
from tests.contract.test_docs import OPERATIONS, code, codes, table
from tests.contract.test_lake_objects import STORED
from tests.unit.serving import tiny

ROWS = {code(row["forgotten in"]): row for row in table(OPERATIONS, "forgotten in")}


def folders_in_the_lake() -> list[str]:
    """The first folders of all keys in the table of the lake."""
    keys = (key for row in table(OPERATIONS, "key") for key in codes(row["key"]))
    return [f"{key.partition('/')[0]}/" for key in keys if "/" in key]


def test_each_folder_of_the_lake_has_a_row() -> None:
    assert set(ROWS) == set(folders_in_the_lake())


@pytest.mark.parametrize("kind", STORED, ids=lambda kind: kind.__name__)
def test_each_stored_class_lies_in_a_folder_with_a_row(kind: Any) -> None:
    lake = tiny.Lake()

    STORED[kind].write(lake)

    assert {f"{key.partition('/')[0]}/" for key in lake.keys("")} <= set(ROWS)


def test_former_versions_go_in_each_folder_that_holds_rows() -> None:
    stays = {folder for folder, row in ROWS.items() if row["what happens"] == "stays" and folder != "forgotten/"}
    purged = {f"{folder.partition('/')[0]}/" for folder in folders_of_model("people")}

    assert purged == set(ROWS) - stays - {"undelivered/"}
