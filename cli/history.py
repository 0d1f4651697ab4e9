"""`refrain history`: the moves of a model's deployment, or what was in service at a time."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.options import DEFAULTS, Options

FACTS = ("time", "event", "version", "metric", "value", "by", "because")


def history(
    model: Annotated[str, Parameter(help="The model.")],
    /,
    *,
    at: Annotated[str | None, Parameter(help="A time (ISO 8601): which version was in service then?")] = None,
    prediction: Annotated[str | None, Parameter(help="The id of a prediction: which version made it?")] = None,
    options: Options = DEFAULTS,
) -> None:
    """Show how the versions of a model came into service, and why."""
    from urllib.parse import urlencode

    from cli.answers import ask_api
    from cli.output import add_rows, make_table, result_console, write_json

    query = {name: value for name, value in (("at", at), ("prediction", prediction)) if value}
    path = f"/v1/models/{model}/history{f'?{urlencode(query)}' if query else ''}"
    answer = ask_api(options.client(), path)
    if options.json:
        write_json(answer)
        return
    console = result_console()
    if query:
        version = answer["model_version"] or " or ".join(answer.get("possible", ())) or "none"
        console.print(f"{version} answered then", markup=False)
        return
    table = make_table(*FACTS, right=("value",))
    console.print(add_rows(table, ([move.get(name) for name in FACTS] for move in answer["moves"])))
    if answer["earlier"]:
        console.print(f"and {answer['earlier']} earlier moves")
