"""Finds the stack that a command is for: a local cloud by its `stack.json`, or a stack on AWS by its name."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from cli.exit_codes import NoStack
from local.local_stack import LocalStack

if TYPE_CHECKING:
    from local.stack_client import Stack


def choose_stack(name: str | None, start: Path | None = None) -> Stack:
    """Return the local stack of this name, else the one on AWS; without a name, the local cloud of this folder.

    Raises `NoStack`.
    """
    addresses = read_addresses(name, start or Path.cwd())
    if addresses is not None:
        return LocalStack(addresses)
    if name is None:
        raise NoStack(
            "No local cloud runs here (.local/stack.json is absent). Start one with `refrain try` or `make up`, or "
            "name a stack on AWS with --stack."
        )
    from local.deployed_stack import DeployedStack  # boto3 takes half a second

    return DeployedStack(name)


def read_addresses(name: str | None, start: Path) -> dict[str, str] | None:
    """Read the addresses of a local stack, looked for in a folder and all above it; None where there is none."""
    inner = Path(".local") if name is None else Path(".local", "stacks", name)
    for folder in (start, *start.parents):
        file = folder / inner / "stack.json"
        if file.is_file():
            addresses: dict[str, str] = json.loads(file.read_text())
            return addresses
    return None
