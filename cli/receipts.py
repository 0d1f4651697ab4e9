"""Shows receipts of uploads, and the rows that were rejected with their reasons."""

from __future__ import annotations

import gzip
import json
from typing import TYPE_CHECKING, Any

from rich.markup import escape

from cli.output import make_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from local.stack_client import StackClient

MAX_REJECTED_ROWS = 8


def print_receipts(console: Console, receipts: Sequence[dict[str, Any]]) -> None:
    """Print the receipts of uploads as a table."""
    figures = ("rows read", "kept", "rejected", "seconds")
    table = make_table("upload", "format", *figures, right=figures)
    for receipt in receipts:
        key = escape(receipt["source"]["key"])
        if receipt["status"] != "kept":
            reason = receipt.get("reason") or (
                f"the same content has the receipt {receipt['of']}" if receipt.get("of") else ""
            )
            table.add_row(key, f"[red]{receipt['status']}[/]: {escape(str(reason))}")
            continue
        counts = (f"{receipt[name]:,}" for name in ("rows_read", "rows_kept", "rows_rejected"))
        table.add_row(key, receipt["format"], *counts, f"{receipt['seconds'] or 0:.2f}")
    console.print(table)


def read_rejected_rows(client: StackClient, receipt: dict[str, Any]) -> list[dict[str, Any]]:
    """Read the rejected rows of an upload from the lake."""
    if not receipt.get("rejected"):
        return []
    return [json.loads(line) for line in gzip.decompress(client.lake(receipt["rejected"])).splitlines()]


def print_rejected_rows(console: Console, rows: Sequence[dict[str, Any]]) -> None:
    """Print rejected rows with their reasons."""
    table = make_table("line", "column", "value", "reason")
    for row in rows[:MAX_REJECTED_ROWS]:
        table.add_row(str(row["line"]), *(escape(text) for text in (row["column"], repr(row["value"]), row["reason"])))
    console.print(table)
    if len(rows) > MAX_REJECTED_ROWS:
        console.print(f"… and {len(rows) - MAX_REJECTED_ROWS} more")
