"""`refrain retire`: let no definition of a model count any more."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options


def retire(model: Annotated[str, Parameter(help="The model.")], /, *, options: Options = DEFAULTS) -> None:
    """Stop a model: no uploads, no runs, no answers. All that it has stays, and it may be applied again."""
    from cli.apply import author, show_change
    from local.lake_store import open_lake
    from refrain.applying.apply import retire_model

    show_change(retire_model(open_lake(options.client().origin), model, author()), options)
