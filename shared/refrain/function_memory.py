"""How much memory Lambda gives the function that runs here."""

from __future__ import annotations

import os

MEGABYTE = 1024 * 1024
MAX_FUNCTION_MEGABYTES = 10_240
"""The most that Lambda gives a function, and what is taken for granted where nobody says."""


def function_megabytes() -> int:
    """Return this function's MemorySize."""
    return int(os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", MAX_FUNCTION_MEGABYTES))
