"""`refrain forget`: remove people, by the keys of their rows, from whatever a model has stored."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Cyclopts reads the annotations
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cli.exit_codes import UsageError
from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from collections.abc import Callable

    from refrain.forgetting.forget import ForgettingStack
    from refrain.lake.forgetting_receipt import ForgettingReceipt


def forget(
    model: Annotated[str, Parameter(help="The model.")],
    /,
    *,
    key: Annotated[
        list[str], Parameter(negative=(), help="A key, as column=value; once for each of its columns.")
    ] = (),  # type: ignore[assignment]
    keys: Annotated[Path | None, Parameter(help="A CSV file of keys, with the key's columns as header.")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Forget people: remove the rows of keys from everything stored, and refuse rows of them that come later."""
    from cli.apply import author
    from cli.output import progress_console
    from local.lake_store import stack_environment
    from refrain.forgetting.forget import forget_people
    from refrain.forgetting.people import read_people
    from refrain.lake.model_definition import find_definition

    rows = read_keys(key, keys)
    stack = options.client().origin
    with stack_environment(stack):
        reached = _open_stores(stack.stack, progress_console().print)
        receipt = forget_people(reached, read_people(find_definition(reached.store, model), rows), author())
    _show(receipt, options)


def read_keys(key: list[str], keys: Path | None) -> list[dict[str, str]]:
    """Read the keys of the command line or of a file. Raises `UsageError`."""
    if bool(key) == bool(keys):
        raise UsageError("name the people by --key column=value, or by --keys FILE.csv")
    if keys is not None:
        import csv

        with keys.open(encoding="utf-8-sig", newline="") as file:
            return list(csv.DictReader(file))
    pairs = [pair.partition("=") for pair in key]
    if not all(name and sign for name, sign, _ in pairs):
        raise UsageError("a --key is column=value, such as --key customer_id=c12")
    return [{name: value for name, _, value in pairs}]


def _open_stores(addresses: dict[str, str], tell: Callable[[str], object]) -> ForgettingStack:
    from refrain.aws.cloud import AwsCloud
    from refrain.aws.object_versions import ObjectVersions
    from refrain.aws.storage import Store
    from refrain.forgetting.forget import ForgettingStack

    machines = [AwsCloud(addresses[name]) for name in ("state_machine_arn", "monitoring_state_machine_arn")]
    lake, inbox = (addresses[name] for name in ("lake_bucket", "inbox_bucket"))
    return ForgettingStack(
        Store(lake), ObjectVersions(lake), ObjectVersions(inbox), addresses["history_table"], machines, tell
    )


def _show(receipt: ForgettingReceipt, options: Options) -> None:
    from cli.output import add_rows, make_table, result_console, write_json

    if options.json:
        write_json(receipt.to_json())
        return
    console = result_console()
    console.print(f"{receipt.model}: {receipt.keys} forgotten; receipt {receipt.key(receipt.model, receipt.digest)}")
    counts = ((folder, rows) for folder, rows in receipt.removed.items() if rows)
    console.print(add_rows(make_table("removed from", "count", right=("count",)), counts))
    sentences = {
        "Versions that learned from them": receipt.learned,
        "Versions of which nothing tells any more": receipt.undecided,
        "Uploads that could not be searched, so look yourself": receipt.unsearched,
    }
    for sentence, names in sentences.items():
        if names:
            console.print(f"{sentence}: {', '.join(names)}", markup=False)
    if receipt.keyless:
        console.print(f"{receipt.keyless} captured predictions carry no key, so nothing tells whose they are")
    if receipt.undelivered:
        console.print(f"{receipt.undelivered} undelivered files were not searched: bring them back, then forget again")
    if receipt.learned:
        console.print(
            f"A successor without them: refrain retrain {receipt.model} --reason forget --force", markup=False
        )
