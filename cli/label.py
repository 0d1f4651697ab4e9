"""`refrain label`: send the true outcomes of predictions."""

from __future__ import annotations

from typing import Annotated

from cyclopts import Parameter

from cli.exit_codes import UsageError
from cli.options import DEFAULTS, Options


def label(
    model: Annotated[str, Parameter(help="The model that predicted.")],
    /,
    *labels: Annotated[str, Parameter(help="prediction_id=label, for each prediction.")],
    options: Options = DEFAULTS,
) -> None:
    """Send labels. A file of them, with the columns prediction_id and label, goes with `refrain upload --labels`."""
    from cli.answers import ask_api
    from cli.output import result_console, write_json

    pairs = [text.partition("=") for text in labels]
    if not pairs or not all(equals for _, equals, _ in pairs):
        raise UsageError("Send each label as prediction_id=label.")
    body = {"labels": [{"prediction_id": name, "label": value} for name, _, value in pairs]}
    answer = ask_api(options.client(), f"/v1/models/{model}:label", body)
    if options.json:
        write_json(answer)
    else:
        result_console().print(f"{answer['accepted']} labels are safe in the lake", markup=False)
