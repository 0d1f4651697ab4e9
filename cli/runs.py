"""Follows one run to its end: its states as they pass, its decision in a sentence, its report."""

from __future__ import annotations

import json
import math
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cli.exit_codes import DONE, REFUSALS, UNCHANGED, CommandError, RefusedCommand
from cli.output import progress_console, result_console, write_json
from cli.run_states import follow_states

if TYPE_CHECKING:
    from rich.console import Console

    from cli.options import Options
    from local.stack_client import StackClient

PAUSE_SECONDS = 0.5
SERVED = frozenset({"promoted", "refreshed", "rolled_back"})
"""Outcomes that put a version into service."""


def follow_run(client: StackClient, execution: str, options: Options, *, open_report: bool = False) -> int:
    """Follow a run, show its result, and return the exit code of its outcome."""
    outcome = await_outcome(client, execution)
    if options.json:
        write_json(outcome)
    else:
        print_outcome(result_console(), outcome)
    if open_report and outcome.get("report"):
        _open_report(client, outcome["report"])
    return DONE if outcome["outcome"] in SERVED else UNCHANGED


def print_outcome(console: Console, outcome: dict[str, Any]) -> None:
    """Print the result of a run in a sentence, and where its report is; `why` says that there was nothing to learn."""
    console.print(f"[bold]{outcome['outcome']}[/]: ", end="")
    console.print(outcome.get("why") or outcome["reason"], markup=False)
    if outcome.get("report"):
        console.print(f"report: {outcome['report']}", markup=False)


def await_outcome(client: StackClient, execution: str) -> dict[str, Any]:
    """Show the states of a run as they pass, and return its result.

    Raises `RefusedCommand` for a run whose input was not accepted, and `CommandError` for one that failed.
    """
    follow_states(progress_console(), client.states(execution, math.inf, PAUSE_SECONDS))
    run = client.describe(execution)
    if run["status"] == "SUCCEEDED":
        outcome: dict[str, Any] = json.loads(run["output"])
        return outcome
    kind = RefusedCommand if run.get("error") in REFUSALS else CommandError
    raise kind(f"The run {run['status'].lower()}: {_cause(run)}")


def _cause(run: dict[str, Any]) -> str:
    """Return the sentence of the error; Lambda wraps it into JSON."""
    cause = run.get("cause") or run.get("error") or "no cause is known"
    try:
        return str(json.loads(cause)["errorMessage"])
    except (ValueError, KeyError, TypeError):
        return str(cause)


def _open_report(client: StackClient, address: str) -> None:
    import webbrowser

    key = address.split("/", 3)[3]
    file = Path(tempfile.mkdtemp(prefix="refrain-")) / key.replace("/", "-")
    file.write_bytes(client.lake(key))
    progress_console().print(f"saved as {file}", markup=False)
    webbrowser.open(file.as_uri())
