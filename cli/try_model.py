"""`refrain try`: from a file to an own prediction, on this machine, in one command."""

from __future__ import annotations

import json
import math
import shlex
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cli.exit_codes import DONE, REFUSED

if TYPE_CHECKING:
    from rich.console import Console

    from local.stack_client import StackClient

FOLDER = Path(".local")
"""Where the other commands find its addresses, when they run in the same folder."""


def try_(
    data: Annotated[Path, Parameter(help="A file of rows: CSV, TSV, JSON or Parquet.")],
    definition: Annotated[Path | None, Parameter(help="Its definition (TOML); without it, `init` writes one.")] = None,
    /,
    *,
    target: Annotated[str, Parameter(help="The column to predict, for `init`.")] = "",
    keep: Annotated[Path | None, Parameter(help="A folder in which the data stays for the next time.")] = None,
    no_stay: Annotated[bool, Parameter(negative=(), help="Stop when the model has been trained.")] = False,
) -> int:
    """Start a local cloud, train a model on a file, and stay up to be asked: no AWS account, no Docker."""
    from cli.output import progress_console, result_console
    from local.cloud import Cloud
    from local.definition_file import read_possible
    from local.stack_client import StackClient

    data.open("rb").close()  # a misspelt name is told before the cloud starts
    definition = definition or _draft_definition(data, target)
    read_possible(definition)  # and so is a candidate that cannot be made
    model = definition.stem
    console = result_console()
    cloud = Cloud(FOLDER, patience=math.inf, tick=None, keep=keep)
    with ExitStack() as running:
        with progress_console().status("starting the local cloud: S3, SQS, Lambda, Step Functions, an HTTPS API"):
            running.enter_context(cloud)
        client = StackClient(cloud)
        code = _teach(client, console, model, definition, data)
        if not no_stay:
            _show_ways(client, console, model)
            console.print("\nIt stays up until Ctrl-C." + (f" Its data stays in {keep}." if keep else ""))
            _wait_for_interrupt()
    return code


def _draft_definition(data: Path, target: str) -> Path:
    """Return the definition that `init` writes for a file, or has written before: a person may have changed it."""
    from cli.init import draft_path, init

    path = draft_path(data)
    if not path.exists():
        init(data, target=target)
    return path


def _teach(client: StackClient, console: Console, model: str, definition: Path, data: Path) -> int:
    """Apply, upload and retrain; return REFUSED where the file was not accepted."""
    from cli.runs import await_outcome, print_outcome
    from cli.upload import send_files, show_receipts

    client.apply(definition)
    receipts = send_files(client, {f"{model}/{data.name}": data})
    show_receipts(client, receipts)
    if receipts[0]["status"] not in ("kept", "duplicate"):
        return REFUSED
    outcome = await_outcome(client, client.start({"model": model, "reason": "refrain try"}))
    print_outcome(console, outcome)
    return DONE


def _show_ways(client: StackClient, console: Console, model: str) -> None:
    """Print the addresses, and how to ask the model; the key stays in a file."""
    status, facts = client.ask(f"/v1/models/{model}")
    headers = FOLDER.resolve() / "headers"
    headers.touch(mode=0o600)
    headers.write_text(f"x-api-key: {client.stack['api_key']}\ncontent-type: application/json\n")
    console.print(f"\nAPI     {client.stack['api_url']}/docs  (the key is in {headers})", markup=False)
    console.print(
        f"S3      {client.stack['aws_endpoint_url']}  s3://{client.stack['inbox_bucket']}/{model}/", markup=False
    )
    if status == 200 and (example := _example(facts)):
        pairs = (f"{name}={value}" for name, value in example.items() if value is not None)
        console.print(f"\n{shlex.join(['refrain', 'predict', model, *pairs])}", markup=False)
        body = json.dumps({"instances": [example]}, ensure_ascii=False)
        address = f"{client.stack['api_url']}/v1/models/{model}:predict"
        console.print(f"\n{shlex.join(['curl', '-H', f'@{headers}', address, '-d', body])}", markup=False)


def _example(facts: dict[str, Any]) -> dict[str, Any] | None:
    """Return a row of the training data as callers send it."""
    return next(iter(facts.get("schema", {}).get("examples", ())), None)


def _wait_for_interrupt() -> None:
    try:
        threading.Event().wait()
    except KeyboardInterrupt:
        return
