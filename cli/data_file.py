"""The file of rows that a command reads on this machine."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def open_data(path: Path) -> Iterator[Path]:
    """Give a file in a folder of its own, where readers may unpack it."""
    path.stat()
    with TemporaryDirectory() as folder:
        link = Path(folder) / path.name
        link.symlink_to(path.resolve())
        yield link
