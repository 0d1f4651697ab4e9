"""Tables of an encoder stand for it as long as each of its outputs depends on one column."""

from __future__ import annotations

import numpy as np
import pytest

from refrain.errors import CannotImport
from refrain.importing.code_tables import make_tables

BASE = np.array([1, 0, 7], np.float32)


def test_each_output_comes_from_the_column_that_changes_it() -> None:
    first, second = np.array([[1, 0, 7], [1, 5, 7]], np.float32), np.array([[1, 0, 7], [3, 0, 7]], np.float32)

    tables = make_tables(["a", "b"], [4, 2], [first, second], [BASE, BASE])

    joined = np.concatenate([table[1] for table in tables.tables])
    assert joined[tables.order].tolist() == [3, 5, 7]
    assert tables.columns == [4, 2]


def test_an_output_of_two_columns_is_refused() -> None:
    changed = np.array([[1, 0, 7], [1, 0, 9]], np.float32)

    with pytest.raises(CannotImport, match="an encoder mixes a and b"):
        make_tables(["a", "b"], [0, 1], [changed, changed], [BASE, BASE])
