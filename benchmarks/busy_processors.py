"""A busy machine: as many processes that do nothing but compute as there are processors."""

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
def busy_processors(wanted: bool) -> Iterator[None]:
    """Keep the processors busy meanwhile, where that is wanted."""
    count = (os.cpu_count() or 1) if wanted else 0
    others = [subprocess.Popen([sys.executable, "-c", _COMPUTE]) for _ in range(count)]
    try:
        yield
    finally:
        for each in others:
            each.kill()
            each.wait()
