"""How much memory this process holds, and how much it may hold before models make room for others."""

from __future__ import annotations

import os
from math import inf
from pathlib import Path

SHARE = 0.75
"""Of the function's memory; the rest is for the requests, and for a version that is loaded beside the one before it."""

_STATM = Path("/proc/self/statm")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def resident() -> int:
    """Bytes that are in memory now; 0 where the system does not say."""
    try:
        return int(_STATM.read_bytes().split()[1]) * _PAGE
    except OSError:
        return 0


def max_resident() -> float:
    """Bytes from which models make room; no end where no function's memory is known."""
    megabytes = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "")
    return int(megabytes) * 1024 * 1024 * SHARE if megabytes.isdigit() else inf
