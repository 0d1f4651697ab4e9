"""Shows predictions, one on a line."""

from __future__ import annotations

from typing import Any

from rich.markup import escape

from refrain.words import share

MAX_NAMES = 5
NOTES = {"unfamiliar": "unfamiliar", "unfamiliar_combination": "unfamiliar together", "version": "answered by"}


def prediction_text(prediction: dict[str, Any]) -> str:
    """Write one prediction on one line."""
    if "items" in prediction:
        return ", ".join(escape(str(item["id"])) for item in prediction["items"])
    if "label" in prediction:
        label = str(prediction["label"])
        text = f"[bold]{escape(label)}[/] ({share(prediction['probabilities'][label])})"
    else:
        text = f"[bold]{prediction['value']:.4g}[/]"
    if prediction.get("interval"):
        text += "  ({:.4g} to {:.4g})".format(*prediction["interval"])
    if len(prediction.get("set", ())) > 1:
        text += f"  (one of {escape(', '.join(prediction['set']))})"
    for name, words in NOTES.items():
        if name in prediction:
            text += f"  [yellow]{words}: {escape(_few(prediction[name]))}[/]"
    return text


def _few(value: str | list[str]) -> str:
    """Write a text, or the first names of a list."""
    if isinstance(value, str):
        return value
    more = f" and {len(value) - MAX_NAMES} more" if len(value) > MAX_NAMES else ""
    return ", ".join(value[:MAX_NAMES]) + more
