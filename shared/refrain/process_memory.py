"""How much memory a process holds, and how much of a function's memory its models may take."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

MEGABYTE = 1024 * 1024
"""The unit of a function's memory."""

MODELS_SHARE = 0.75
"""Of the function's memory; the rest is for requests."""

PROCESS_BYTES = 100_000_000
"""What inference takes before it holds a model, with some reserve."""

_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident(process: int | str = "self") -> int:
    """Return the bytes that a process has in memory now; 0 where the system does not tell."""
    try:
        return int(Path(f"/proc/{process}/statm").read_bytes().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def peak_resident() -> int:
    """Return the most bytes that this process had in memory; 0 where the system does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
    except OSError:
        return 0
    return next((int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM")), 0)


def function_bytes() -> float:
    """Return the memory of this function; infinity outside one."""
    megabytes = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return int(megabytes) * MEGABYTE if megabytes.isdigit() else inf


def max_resident(memory: float) -> float:
    """Return how much a function of so much memory holds between requests."""
    return memory * MODELS_SHARE


def models_bytes(memory: float) -> float:
    """Return how much of that its models may take together.

    >>> round(models_bytes(1769 * MEGABYTE) / 1e6)
    1291
    """
    return max_resident(memory) - PROCESS_BYTES
