"""The options that every command has, and the stack that they choose."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

if TYPE_CHECKING:
    from local.stack_client import StackClient


@Parameter(name="*", group="Stack and output")
@dataclass(frozen=True)
class Options:
    """Which stack, and for whom the output is."""

    stack: Annotated[
        str | None,
        Parameter(
            env_var="REFRAIN_STACK",
            help="A local stack of this name, or else one on AWS. Without it, the local one in .local/stack.json.",
        ),
    ] = None
    json: Annotated[bool, Parameter(negative=(), help="Write one JSON document, for programs.")] = False

    def client(self) -> StackClient:
        """Return a client of the chosen stack. Raises `NoStack`."""
        from cli.stack_choice import choose_stack
        from local.stack_client import StackClient

        return StackClient(choose_stack(self.stack))


DEFAULTS = Options()
