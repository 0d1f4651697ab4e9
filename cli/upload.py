"""`refrain upload`: put files into the inbox, and say what became of each row."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Cyclopts reads the annotations
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from cli.exit_codes import DONE, REFUSED, UsageError
from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from local.stack_client import StackClient


def upload(
    model: Annotated[str, Parameter(help="The model whose rows they are.")],
    files: Annotated[list[Path], Parameter(help="CSV, TSV, JSON or Parquet, packed or not.", negative=())],
    /,
    *,
    labels: Annotated[bool, Parameter(negative=(), help="The files hold labels of predictions.")] = False,
    folder: Annotated[str, Parameter(help="A folder below the model's, such as the name of the sender.")] = "",
    options: Options = DEFAULTS,
) -> int:
    """Upload files to a model, wait for their receipts, and show which rows were rejected and why."""
    if labels and folder:
        raise UsageError("--labels and --folder exclude each other: labels have a folder of their own.")
    client = options.client()
    prefix = "/".join(filter(None, (model, "labels" if labels else folder.strip("/"))))
    receipts = send_files(client, {f"{prefix}/{file.name}": file for file in files})
    if options.json:
        from cli.output import write_json

        write_json(receipts)
    else:
        show_receipts(client, receipts)
    return DONE if all(receipt["status"] in ("kept", "duplicate") for receipt in receipts) else REFUSED


def send_files(client: StackClient, files: dict[str, Any]) -> list[dict[str, Any]]:
    """Upload files by their keys, and wait for their receipts."""
    from cli.output import progress_console

    with progress_console().status("uploading") as progress:
        etags = {key: client.upload_file(key, file) for key, file in files.items()}
        progress.update("waiting for receipts")
        return [client.receipt(key, etag, _fingerprint(client, key)) for key, etag in etags.items()]


def _fingerprint(client: StackClient, key: str) -> str | None:
    """Return the fingerprint of the definition that reads an upload, "" for none; labels have one of their own."""
    from local.lake_store import open_lake
    from preprocessing import DefinitionError
    from refrain.lake.model_definition import ModelDefinition

    model, _, name = key.partition("/")
    if name.startswith(("labels/", "items/")):
        return None
    try:
        current = ModelDefinition.read(open_lake(client.origin), model)
        return current.parse().fingerprint if current.digest else ""
    except DefinitionError:
        return None


def show_receipts(client: StackClient, receipts: list[dict[str, Any]]) -> None:
    """Print receipts, with their rejected rows and notes."""
    from cli.output import result_console
    from cli.receipts import print_receipts, print_rejected_rows, read_rejected_rows

    console = result_console()
    print_receipts(console, receipts)
    for receipt in receipts:
        if rows := read_rejected_rows(client, receipt):
            console.print(f"\nrejected rows of {receipt['source']['key']}:")
            print_rejected_rows(console, rows)
        for note in receipt.get("notes", ()):
            console.print(f"note: {note}", markup=False)
