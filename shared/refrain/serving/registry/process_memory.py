"""How much memory this process holds, and how much it may hold before models make room for others."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

MODELS_SHARE = 0.75
"""Of the function's memory; the rest is for requests, and for a version that is loaded beside the one before it."""

_STATM = Path("/proc/self/statm")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Return the bytes in memory now; 0 where the system does not tell."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE_BYTES
    except OSError:
        return 0


def max_resident() -> float:
    """Return the bytes from which models make room; infinity outside a function."""
    megabytes = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return int(megabytes) * 1024 * 1024 * MODELS_SHARE if megabytes.isdigit() else inf
