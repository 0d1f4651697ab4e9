"""Prints the demo: tables, the states of a run as they pass, predictions and events."""

from __future__ import annotations

import json
from collections import Counter
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.spinner import Spinner
from rich.table import Table
from rich.text import Text

from refrain.words import share

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from local.demo.timeline import Block, StreamEvent

MAX_REJECTED_ROWS = 8
MAX_EVENT_CHARACTERS = 230
EVENT_LABELS = {
    "change_seen": ("monitoring sees a change:", "yellow"),
    "run_started": ("a run starts by itself:", "cyan"),
    "kept": ("kept:", "dim"),
    "trial_started": ("trial started:", "magenta"),
    "promoted": ("promoted:", "bold green"),
    "refreshed": ("refreshed:", "bold green"),
    "dismissed": ("dismissed:", "bold red"),
    "mistake": ("a mistake is uploaded:", "bold red"),
    "correction": ("the mistake is corrected:", "yellow"),
}
console = Console(highlight=False)


def print_title(title: str) -> None:
    """Print the title of a part."""
    console.print()
    console.print(Rule(title, align="left", style="bold"))


def say(text: str) -> None:
    """Print a text with rich markup."""
    console.print(text)


def print_receipts(receipts: Sequence[dict[str, Any]]) -> None:
    """Print the receipts of uploads as a table."""
    table = Table("upload", "format", "rows read", "kept", "rejected", "seconds", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for receipt in receipts:
        if receipt["status"] != "kept":
            table.add_row(receipt["source"]["key"], f"[red]{receipt['status']}: {escape(str(receipt.get('reason')))}")
            continue
        table.add_row(
            receipt["source"]["key"],
            str(receipt["format"]),
            f"{receipt['rows_read']:,}",
            f"{receipt['rows_kept']:,}",
            f"{receipt['rows_rejected']:,}",
            f"{receipt['seconds']:.2f}",
        )
    console.print(table)


def print_rejected_rows(rows: Sequence[dict[str, Any]]) -> None:
    """Print rejected rows with their reasons."""
    table = Table("line", "column", "value", "reason", box=None, pad_edge=False)
    for row in rows[:MAX_REJECTED_ROWS]:
        table.add_row(str(row["line"]), row["column"], repr(row["value"]), row["reason"])
    console.print(table)
    if len(rows) > MAX_REJECTED_ROWS:
        console.print(f"… and {len(rows) - MAX_REJECTED_ROWS} more")


def print_states(histories: Iterable[list[dict[str, Any]]]) -> list[str]:
    """Print the states of a run as they pass; return their names in order."""
    entered: dict[str, float] = {}
    with Live(console=console, refresh_per_second=10, transient=False) as live:
        for events in histories:
            live.update(_states(events))
            entered |= dict.fromkeys(_entered(events), 0.0)
    return list(entered)


def prediction_text(prediction: dict[str, Any]) -> str:
    """Write one prediction on one line."""
    if "label" in prediction:
        label = str(prediction["label"])
        text = f"[bold]{escape(label)}[/] ({share(prediction['probabilities'][label])})"
    else:
        text = f"[bold]{prediction['value']:.4g}[/]"
    for name, words in {"unfamiliar": "unfamiliar", "unfamiliar_combination": "unfamiliar together"}.items():
        if name in prediction:
            text += f"  [yellow]{words}: {escape(', '.join(prediction[name]))}[/]"
    return text


def print_block_header() -> None:
    """Print the header of the lines of blocks."""
    console.print("  [dim]flights of   minutes off, with Refrain and by the first version[/]")


def print_block(block: Block, gate: float) -> None:
    """Print the error of a block's answers, and that of the first version."""
    error, first_version = block.error, block.first_version_error
    bar = "█" * round(error) + "[dim]" + "░" * max(round(first_version) - round(error), 0) + "[/]"
    colour = "red" if error > gate else "green"
    console.print(f"  {block.day}  [{colour}]{error:4.1f}[/]  [dim]{first_version:4.1f}[/]  {bar}")


def print_event(event: StreamEvent) -> None:
    """Print an event."""
    label, colour = EVENT_LABELS[event.kind]
    text = event.text if len(event.text) <= MAX_EVENT_CHARACTERS else f"{event.text[: MAX_EVENT_CHARACTERS - 1]}…"
    console.print(Padding(f"[{colour}]{label}[/] {escape(text)}", (0, 0, 0, 4)))


def print_recommendations(lists: dict[str, list[dict[str, Any]]]) -> None:
    """Print lists of songs beside each other."""
    table = Table("", *lists, box=None, pad_edge=False)
    for rank, songs in enumerate(zip_longest(*lists.values()), 1):
        table.add_row(str(rank), *(escape(f"{song['title']}, {song['artist']}") if song else "" for song in songs))
    console.print(table)


def print_rates(name: str, values: Sequence[str], note: str = "") -> None:
    """Print one line of figures in columns, with a note."""
    console.print(f"  {name:10}" + "".join(f"{value:>12}" for value in values) + f"  [yellow]{escape(note)}[/]")


def print_json(content: dict[str, Any]) -> None:
    """Print a JSON document."""
    console.print_json(json.dumps(content), indent=2)


def _entered(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def _states(events: Sequence[dict[str, Any]]) -> Group:
    entered = Counter(_entered(events))
    left = Counter(event["stateExitedEventDetails"]["name"] for event in events if "stateExitedEventDetails" in event)
    ended = any(event["type"] in {"ExecutionSucceeded", "ExecutionFailed"} for event in events)
    lines: list[Text | Spinner] = []
    for name, times in entered.items():
        inside = "  " if name == "Train a candidate" else ""
        words = f" {inside}{name}" + (f"  {left[name]} of {times}" if times > 1 else "")
        done = left[name] >= times or ended
        lines.append(Text(f"✓{words}", style="green") if done else Spinner("dots", text=words))
    return Group(*lines)
