"""`refrain retrain`: start a run, follow its states, and say what it decided."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cli.exit_codes import DONE
from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from typing import Any


def retrain(
    model: Annotated[str, Parameter(help="The model to train.")],
    /,
    *,
    reason: Annotated[str, Parameter(help="Why, for the history.")] = "manual",
    version: Annotated[str, Parameter(help="Compare this imported version, and train nothing.")] = "",
    force: Annotated[bool, Parameter(negative=(), help="Train even where nothing is new.")] = False,
    no_wait: Annotated[bool, Parameter(negative=(), help="Start the run, and do not follow it.")] = False,
    open_report: Annotated[
        bool, Parameter(name="--open", negative=(), help="Save the report, and open it in the browser.")
    ] = False,
    options: Options = DEFAULTS,
) -> int:
    """Retrain a model, and say in a sentence whether a better version went into service."""
    from cli.runs import follow_run

    client = options.client()
    request: dict[str, Any] = {"model": model, "reason": reason, **({"force": True} if force else {})}
    request |= {"version": version} if version else {}
    execution = client.start(request)
    if no_wait:
        return _tell_of_start(execution, options)
    return follow_run(client, execution, options, open_report=open_report)


def _tell_of_start(execution: str, options: Options) -> int:
    from cli.output import result_console, write_json

    name = execution.rpartition(":")[2]
    if options.json:
        write_json({"execution": name})
    else:
        result_console().print(f"The run {name} is under way; follow it with `refrain watch {name}`.", markup=False)
    return DONE
