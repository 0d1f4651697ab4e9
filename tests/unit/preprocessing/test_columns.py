"""Typed rows as JSON values."""

from typing import Any

from preprocessing import Definition, prepare, present, rows_to_columns


def test_a_typed_row_can_be_sent_again(definition: Definition) -> None:
    row: dict[str, Any] = {"amount": 5, "colour": "red", "member": False, "joined": "2026-01-31T12:00:00.000000Z"}
    columns, _ = prepare(definition, rows_to_columns([row, {}], definition.inputs), 2, columns=definition.inputs)

    assert present(columns, definition.columns, 0) == row
    assert present(columns, definition.columns, 1) == dict.fromkeys(definition.inputs)
