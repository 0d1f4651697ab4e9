"""`refrain predict`: ask the version in service for one row, or for a file of them."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Cyclopts reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cli.exit_codes import UsageError
from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Iterator

    from local.stack_client import StackClient

MAX_SHOWN_ROWS = 20


def predict(
    model: Annotated[str, Parameter(help="The model to ask.")],
    /,
    *row: Annotated[str, Parameter(help="name=value for a text, name:=value for JSON, or whole rows as JSON.")],
    file: Annotated[Path | None, Parameter(help="A file of rows, of any format that uploads may have.")] = None,
    uncertainty: Annotated[bool, Parameter(negative=(), help="With an interval or a set of labels.")] = False,
    options: Options = DEFAULTS,
) -> None:
    """Predict a row, or each row of a file."""
    from cli.answers import ask_api
    from cli.instances import parse_row
    from cli.output import progress_console, write_json

    if bool(row) == bool(file):
        raise UsageError("Send one row as name=value, or --file with rows.")
    client = options.client()
    batches = _read_file(client, model, file) if file else iter([parse_row(row)])
    wanted = {"uncertainty": True} if uncertainty else {}
    answer: dict[str, Any] = {"predictions": [], "prediction_ids": []}
    with progress_console().status("predicting") as progress:
        for instances in batches:
            part = ask_api(client, f"/v1/models/{model}:predict", {"instances": instances, **wanted})
            joined = {name: answer[name] + part.get(name, []) for name in ("predictions", "prediction_ids")}
            answer = part | joined
            progress.update(f"{len(answer['predictions']):,} rows predicted")
    if options.json:
        write_json(answer)
    else:
        show_predictions(answer)


def show_predictions(answer: dict[str, Any]) -> None:
    """Print the predictions of an answer, one on a line, with the id that its label is sent with."""
    from cli.output import result_console
    from cli.predictions import prediction_text

    console = result_console()
    for prediction, name in list(zip(answer["predictions"], answer["prediction_ids"], strict=True))[:MAX_SHOWN_ROWS]:
        console.print(f"{prediction_text(prediction)}  [dim]{name}[/]")
    if len(answer["predictions"]) > MAX_SHOWN_ROWS:
        console.print(f"… and {len(answer['predictions']) - MAX_SHOWN_ROWS:,} more; --json writes all of them")
    if ignored := answer.get("ignored"):
        console.print(f"ignored: {', '.join(ignored)}", markup=False)
    if version := answer.get("model_version"):
        console.print(f"by version {version}", markup=False)


def _read_file(client: StackClient, model: str, file: Path) -> Iterator[list[dict[str, Any]]]:
    """Read a file by the definition of the version in service."""
    from cli.instances import read_instances
    from cli.version_names import find_version
    from local.lake_store import open_lake
    from refrain.lake.version import Manifest

    lake = open_lake(client.origin)
    reference = find_version(lake, f"{model}/champion")
    return read_instances(file, Manifest.read(lake, reference.model, reference.version).parse_definition())
