"""Shows the states of a run as they pass."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from rich.console import Group
from rich.live import Live
from rich.spinner import Spinner
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

INNER_STATES = frozenset({"Try parameters", "Train a candidate"})


def follow_states(console: Console, histories: Iterable[list[dict[str, Any]]]) -> list[str]:
    """Print the states of a run as they pass; return their names in order."""
    entered: dict[str, None] = {}
    with Live(console=console, refresh_per_second=10, transient=False) as live:
        for events in histories:
            live.update(_states(events))
            entered |= dict.fromkeys(_entered(events))
    return list(entered)


def _entered(events: Sequence[dict[str, Any]]) -> list[str]:
    return [event["stateEnteredEventDetails"]["name"] for event in events if "stateEnteredEventDetails" in event]


def _states(events: Sequence[dict[str, Any]]) -> Group:
    entered = Counter(_entered(events))
    left = Counter(event["stateExitedEventDetails"]["name"] for event in events if "stateExitedEventDetails" in event)
    ended = any(event["type"] in {"ExecutionSucceeded", "ExecutionFailed"} for event in events)
    lines: list[Text | Spinner] = []
    for name, times in entered.items():
        words = f" {'  ' if name in INNER_STATES else ''}{name}" + (f"  {left[name]} of {times}" if times > 1 else "")
        done = left[name] >= times or ended
        lines.append(Text(f"✓{words}", style="green") if done else Spinner("dots", text=words))
    return Group(*lines)
