"""Keeps every processor busy with a process that only computes."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMPUTE = "while True: sum(number * number for number in range(10_000))"


@contextmanager
def busy_processors(enabled: bool) -> Iterator[None]:
    """Keep the processors busy while the block runs, if enabled."""
    count = (os.cpu_count() or 1) if enabled else 0
    processes = [subprocess.Popen([sys.executable, "-c", _COMPUTE]) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()
