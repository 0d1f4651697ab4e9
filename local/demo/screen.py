"""Prints the demo: titles, the blocks of a stream, events and lists; receipts and runs are shown as by the command."""

from __future__ import annotations

import json
from itertools import zip_longest
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.rule import Rule
from rich.table import Table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from local.demo.timeline import Block, StreamEvent

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
