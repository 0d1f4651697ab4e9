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

    with stack_environment(stack):
        return Store(stack.stack["lake_bucket"])


@contextmanager
def stack_environment(stack: Stack) -> Iterator[None]:
    """Set the variables by which stores and clients find a stack's services; those of the shell may lead elsewhere."""
    variables = stack.credentials()
    variables |= {"AWS_DEFAULT_REGION": variables["AWS_REGION"]}  # boto3's name for it
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
