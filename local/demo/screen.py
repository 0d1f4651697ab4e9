"""What the demo shows: tables, the states of a run as they pass, answers."""

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
    "seen": ("monitoring sees:", "yellow"),
    "run": ("a run starts by itself:", "cyan"),
    "kept": ("kept:", "dim"),
    "trial": ("on trial:", "magenta"),
    "promoted": ("promoted:", "bold green"),
    "dismissed": ("dismissed:", "bold red"),
    "planted": ("a mistake is planted:", "bold red"),
    "mended": ("the mistake is mended:", "yellow"),
}
console = Console(highlight=False)


def print_title(words: str) -> None:
    """Begin a part."""
    console.print()
    console.print(Rule(words, align="left", style="bold"))


def say(words: str) -> None:
    """Say a sentence (rich markup)."""
    console.print(words)


def print_receipts(found: Sequence[dict[str, Any]]) -> None:
    """Show what became of uploads."""
    table = Table("upload", "format", "rows read", "kept", "rejected", "seconds", box=None, pad_edge=False)
    for column in table.columns[2:]:
        column.justify = "right"
    for receipt in found:
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
    """Show rejected rows with their reasons."""
    table = Table("line", "column", "value", "reason", box=None, pad_edge=False)
    for row in rows[:MAX_REJECTED_ROWS]:
        table.add_row(str(row["line"]), row["column"], repr(row["value"]), row["reason"])
    console.print(table)
    if len(rows) > MAX_REJECTED_ROWS:
        console.print(f"… and {len(rows) - MAX_REJECTED_ROWS} more")


def print_states(histories: Iterable[list[dict[str, Any]]]) -> list[str]:
    """Show the states of a run as they pass; return their names in order."""
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
        words = f"[bold]{escape(label)}[/] ({share(prediction['probabilities'][label])})"
    else:
        words = f"[bold]{prediction['value']:.4g}[/]"
    strange = prediction.get("unfamiliar")
    return words + (f"  [yellow]unfamiliar: {escape(', '.join(strange))}[/]" if strange else "")


def print_block_header() -> None:
    """Say what the blocks' lines mean."""
    console.print("  [dim]flights of   minutes off, and those of the first version[/]")


def print_block(found: Block, gate: float) -> None:
    """Show how far off the answers to a block were, and how far those of the first version."""
    bar = "█" * round(found.answered) + "[dim]" + "░" * max(round(found.first) - round(found.answered), 0) + "[/]"
    colour = "red" if found.answered > gate else "green"
    console.print(f"  {found.day}  [{colour}]{found.answered:4.1f}[/]  [dim]{found.first:4.1f}[/]  {bar}")


def print_event(found: StreamEvent) -> None:
    """Tell what happened."""
    sign, colour = EVENT_LABELS[found.kind]
    words = found.words if len(found.words) <= MAX_EVENT_CHARACTERS else f"{found.words[: MAX_EVENT_CHARACTERS - 1]}…"
    console.print(Padding(f"[{colour}]{sign}[/] {escape(words)}", (0, 0, 0, 4)))


def print_recommendations(lists: dict[str, list[dict[str, Any]]]) -> None:
    """Show lists of songs beside each other."""
    table = Table("", *lists, box=None, pad_edge=False)
    for place, songs in enumerate(zip_longest(*lists.values()), 1):
        table.add_row(str(place), *(escape(f"{each['title']}, {each['artist']}") if each else "" for each in songs))
    console.print(table)


def print_rates(name: str, values: Sequence[str], note: str = "") -> None:
    """Show one line of figures, in columns, with what there is to say of it."""
    console.print(f"  {name:10}" + "".join(f"{each:>12}" for each in values) + f"  [yellow]{escape(note)}[/]")


def print_json(content: dict[str, Any]) -> None:
    """Show a JSON document."""
    console.print_json(json.dumps(content), indent=2)


def _entered(events: Sequence[dict[str, Any]]) -> list[str]:
    return [each["stateEnteredEventDetails"]["name"] for each in events if "stateEnteredEventDetails" in each]


def _states(events: Sequence[dict[str, Any]]) -> Group:
    entered = Counter(_entered(events))
    left = Counter(each["stateExitedEventDetails"]["name"] for each in events if "stateExitedEventDetails" in each)
    ended = any(each["type"] in {"ExecutionSucceeded", "ExecutionFailed"} for each in events)
    lines: list[Text | Spinner] = []
    for name, times in entered.items():
        inside = "  " if name == "Train a candidate" else ""
        words = f" {inside}{name}" + (f"  {left[name]} of {times}" if times > 1 else "")
        done = left[name] >= times or ended
        lines.append(Text(f"✓{words}", style="green") if done else Spinner("dots", text=words))
    return Group(*lines)
