"""Every key of the lake is made here, and nowhere else."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime


def captured(model: str, moment: datetime, name: str) -> str:
    """Lines of what was asked and answered (JSON lines, gzip), delivered in the hour (UTC) of its folder."""
    return f"{captured_in(model)}{moment:%Y/%m/%d/%H}/{name}.jsonl.gz"


def captured_in(model: str) -> str:
    """Prefix of all captured lines of a model; below it are folders by the hour."""
    return f"captured/{model}/"
