"""What a command writes: results on standard output, for people or as one JSON document; progress on standard error."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


def result_console() -> Console:
    """Return the console of results; lines are not cut where another program reads them."""
    console = Console(highlight=False, soft_wrap=True)
    if not console.is_terminal:
        console.width = 10_000
    return console


def progress_console() -> Console:
    """Return the console of progress, which is silent where nobody looks."""
    return Console(stderr=True, highlight=False, quiet=not sys.stderr.isatty())


def write_json(document: Any) -> None:
    """Write the one document of a call with `--json`."""
    print(json.dumps(document, indent=1, ensure_ascii=False))


def make_table(*columns: str, right: Sequence[str] = ()) -> Table:
    """Make a plain table; the columns in `right` are aligned to the right."""
    table = Table(*columns, box=None, pad_edge=False)
    for column in table.columns:
        if column.header in right:
            column.justify = "right"
    return table


def add_rows(table: Table, rows: Iterable[Sequence[object]]) -> Table:
    """Add rows of any values; what is absent stays empty."""
    for row in rows:
        table.add_row(*("" if value is None else escape(figure(value)) for value in row))
    return table


def figure(value: object) -> str:
    """Write a value: floats with four digits.

    >>> figure(0.954825), figure(12), figure("a")
    ('0.9548', '12', 'a')
    """
    return f"{value:.4g}" if isinstance(value, float) else str(value)
