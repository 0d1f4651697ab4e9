"""`refrain copy`: bring a version to another stack, such as from dev to prod."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options


def copy(
    version: Annotated[str, Parameter(help="model (its champion), model/version, or the name of a version.")],
    /,
    *,
    to: Annotated[str, Parameter(help="The name of the stack that gets it.")],
    options: Options = DEFAULTS,
) -> None:
    """Copy a version to another stack, byte by byte, and prove it there on its golden rows. It serves once promoted."""
    from cli.output import progress_console, result_console, write_json
    from cli.stack_choice import choose_stack
    from cli.version_names import find_version
    from local.lake_store import open_lake
    from refrain.transfer.copied_version import copy_version

    source, target = open_lake(options.client().origin), open_lake(choose_stack(to))
    chosen = find_version(source, version)
    with progress_console().status("copying"):
        keys = copy_version(source, target, chosen.model, chosen.version)
    if options.json:
        write_json({"model": chosen.model, "version": chosen.version, "to": to, "copied": keys})
        return
    console = result_console()
    console.print(f"{chosen.version} is in {to}: {len(keys)} objects copied, golden rows answered", markup=False)
    console.print(f"refrain promote {chosen.model} {chosen.version} --stack {to}", markup=False)
