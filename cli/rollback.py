"""`refrain rollback`: go back to an earlier version."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options


def rollback(
    model: Annotated[str, Parameter(help="The model.")],
    version: Annotated[str | None, Parameter(help="An earlier version; without it, the champion before this.")] = None,
    /,
    *,
    reason: Annotated[str, Parameter(help="Why, for the history.")] = "manual",
    options: Options = DEFAULTS,
) -> int:
    """Put the version before, or an earlier one, back into service, and withdraw the champion."""
    from cli.runs import follow_run

    client = options.client()
    named = {"version": version} if version else {}
    request = {"model": model, "action": "rollback", "reason": reason, **named}
    return follow_run(client, client.start(request), options)
