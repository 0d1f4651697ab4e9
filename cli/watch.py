"""`refrain watch`: follow a run that is under way already."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cli.exit_codes import CommandError
from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from local.stack_client import StackClient


def watch(
    run: Annotated[str, Parameter(help="The name of a run, or of a model: then its run that is under way.")],
    /,
    *,
    options: Options = DEFAULTS,
) -> int:
    """Follow a run to its end, and say what it decided."""
    from cli.runs import follow_run

    client = options.client()
    return follow_run(client, _find_execution(client, run), options)


def _find_execution(client: StackClient, name: str) -> str:
    """Return the execution of a name, or the running one of a model. Raises `CommandError`."""
    execution = client.execution(name)
    try:
        client.describe(execution)
    except client.client("stepfunctions").exceptions.ExecutionDoesNotExist:
        pass
    else:
        return execution
    for running in client.runs():
        try:
            request = json.loads(client.describe(client.execution(running))["input"])
        except ValueError:
            continue
        if isinstance(request, dict) and request.get("model") == name:
            return client.execution(running)
    raise CommandError(f"No run is named {name!r}, and no run of such a model is under way. See `refrain history`.")
