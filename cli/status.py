"""`refrain status`: what is in service and on trial, and which runs are under way."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options

FACTS = ("model", "model_version", "since", "task", "metric", "value", "refused")


def status(
    model: Annotated[str | None, Parameter(help="One model; without it, all.")] = None,
    /,
    *,
    options: Options = DEFAULTS,
) -> None:
    """Show the versions in service, with their figures, and the runs that are under way."""
    from cli.answers import ask_api
    from cli.output import add_rows, make_table, result_console, write_json

    client = options.client()
    models = [ask_api(client, f"/v1/models/{model}")] if model else ask_api(client, "/v1/models")["models"]
    runs = client.runs()
    if options.json:
        write_json({"models": models, "runs": runs})
        return
    console = result_console()
    if models:
        table = make_table("model", "version", "since", "task", "metric", "value", "refused", right=("value",))
        console.print(add_rows(table, ([entry.get(name) for name in FACTS] for entry in models)))
    else:
        console.print("No version is in service yet; upload rows and run `refrain retrain MODEL`.", markup=False)
    for entry in models:
        if challenger := entry.get("challenger"):
            version, mode, until = (challenger[name] for name in ("version", "mode", "until"))
            console.print(f"{version} is on trial ({mode}) until {until}", markup=False)
    for run in runs:
        console.print(f"the run {run} is under way", markup=False)
