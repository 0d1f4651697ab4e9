"""`refrain apply`: let a definition count from now on."""

from __future__ import annotations

import getpass
from pathlib import Path  # noqa: TC003 - Cyclopts reads the annotations
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options

if TYPE_CHECKING:
    from refrain.applying.apply import AppliedChange

RESHAPED = "Rows are kept in another shape from now on; the next run reads the earlier uploads in it too."


def apply(
    file: Annotated[Path, Parameter(help="The definition; its name is the model's, as in income.toml.")],
    /,
    *,
    expected: Annotated[
        str | None, Parameter(help='Refuse unless this digest counts until now ("": none); from `apply --json`.')
    ] = None,
    options: Options = DEFAULTS,
) -> None:
    """Apply a definition that `check` allows: a model is added, or changed, in seconds and without a deployment."""
    from local.definition_file import apply_file
    from local.lake_store import open_lake

    lake = open_lake(options.client().origin)
    show_change(apply_file(lake, file, author(), expected), options)


def author() -> str:
    """Name who changes something, for its log."""
    return f"{getpass.getuser()} by refrain"


def show_change(change: AppliedChange, options: Options) -> None:
    """Print what became of a definition."""
    from dataclasses import asdict

    from cli.output import result_console, write_json

    if options.json:
        write_json(asdict(change))
        return
    console = result_console()
    console.print(f"{change.model} is {change.outcome}: {change.digest or 'no definition'} counts", markup=False)
    if change.before and change.before != change.digest:
        console.print(f"before: {change.before}", markup=False)
    if change.reshapes:
        console.print(RESHAPED)
