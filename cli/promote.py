"""`refrain promote` and `refrain dismiss`: answer a run that waits for approval, or choose a version by hand."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.exit_codes import DONE
from cli.options import DEFAULTS, Options

type Model = Annotated[str, Parameter(help="The model.")]
type Run = Annotated[str | None, Parameter(help="The run that waits, where several of a model do.")]
type Reason = Annotated[str, Parameter(help="Why, for the history.")]


def promote(
    model: Model,
    version: Annotated[
        str | None, Parameter(help="A version by its name; without it, that of the waiting run.")
    ] = None,
    /,
    *,
    run: Run = None,
    reason: Reason = "manual",
    options: Options = DEFAULTS,
) -> int:
    """Approve the version that waits for approval, or put a named one into service once it is proved."""
    return _answer(options, model=model, action="promote", version=version, run=run, reason=reason)


def dismiss(model: Model, /, *, run: Run = None, reason: Reason = "manual", options: Options = DEFAULTS) -> int:
    """Dismiss the version that waits for approval; the champion stays."""
    return _answer(options, model=model, action="dismiss", run=run, reason=reason)


def _answer(options: Options, **request: str | None) -> int:
    from cli.runs import follow_run

    client = options.client()
    execution = client.start({name: value for name, value in request.items() if value is not None})
    follow_run(client, execution, options)
    return DONE
