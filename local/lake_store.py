"""Opens the lake of a stack, so that the product's own code reads and writes it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from local.stack_client import Stack
    from refrain.aws.storage import Store


def open_lake(stack: Stack) -> Store:
    """Open the lake of a stack for the stories."""
    from refrain.aws.storage import Store

    with _environment(stack.credentials()):
        return Store(stack.stack["lake_bucket"])


@contextmanager
def _environment(variables: Mapping[str, str]) -> Iterator[None]:
    """Set the variables by which a store finds its service; those of the shell may lead to another one."""
    before = {name: value for name, value in os.environ.items() if name.startswith("AWS_")}
    _replace(before, variables)
    try:
        yield
    finally:
        _replace(variables, before)


def _replace(old: Iterable[str], new: Mapping[str, str]) -> None:
    for name in old:
        os.environ.pop(name, None)
    os.environ.update(new)
