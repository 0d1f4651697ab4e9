"""Feature functions of one's own: files of numpy code in the folder `features` beside this package.

A file holds the function of its own name. Its source is read, digested and run as one text, so that what a version pins
is what runs.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from preprocessing.errors import PreprocessingError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from preprocessing.definition import Derived

FOLDER = Path(__file__).parents[1] / "features"
OWN_NAME = re.compile(r"features\.[a-z][a-z0-9_]*")
"""What `make` in a definition says of a function of one's own."""


@dataclass(frozen=True)
class OwnFunction:
    """A function, and the SHA-256 (hex) of the file that it is in."""

    call: Callable[..., Any]
    digest: str


def is_own(make: str) -> bool:
    """Tell whether a maker is a function of one's own."""
    return make.startswith("features.")


def source_path(make: str) -> Path:
    """Return the file of a function.

    >>> source_path("features.distance").name
    'distance.py'
    """
    return FOLDER / f"{make.partition('.')[2]}.py"


def load_function(make: str) -> OwnFunction:
    """Read a function. Raises `PreprocessingError` where this code has none that can be called."""
    return _load(source_path(make))


def digest_functions(derived: Iterable[Derived]) -> dict[str, str]:
    """Name the source of each function that features are made by; "" where this code cannot read it."""
    return {make: _digest(make) for make in sorted({item.make for item in derived}) if is_own(make)}


def _digest(make: str) -> str:
    try:
        return load_function(make).digest
    except PreprocessingError:
        return ""


@lru_cache
def _load(path: Path) -> OwnFunction:
    try:
        source = path.read_bytes()
    except OSError:
        raise PreprocessingError(f"there is no file features/{path.name} in the preprocessing layer") from None
    namespace: dict[str, Any] = {"__name__": f"features.{path.stem}"}
    try:
        exec(compile(source, str(path), "exec", dont_inherit=True), namespace)  # noqa: S102
    except Exception as error:
        raise PreprocessingError(f"features/{path.name} cannot be run: {type(error).__name__}: {error}") from error
    if not callable(call := namespace.get(path.stem)):
        raise PreprocessingError(f"features/{path.name} has no function {path.stem}")
    return OwnFunction(call, hashlib.sha256(source).hexdigest())
