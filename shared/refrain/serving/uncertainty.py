"""Say with an answer how sure it is: an interval for a value, a set of labels for a class."""

from __future__ import annotations

from typing import TYPE_CHECKING

from refrain.serving.http.refusals import InvalidRequestBody

if TYPE_CHECKING:
    from preprocessing import Definition
    from refrain.fast_path.answer_json import Numbers
    from refrain.lake.capture.record import ServedBound
    from refrain.model.tabular import TabularModel
    from refrain.serving.answered_rows import Predictions
    from refrain.serving.registry.error_bounds import ErrorBounds

OPTION = "uncertainty"


def read_option(options: object) -> bool | None:
    """Return what a request wants, None where it leaves that to the definition. Raises `InvalidRequestBody`.

    >>> read_option({"uncertainty": True}), read_option({})
    (True, None)
    """
    wanted = options.get(OPTION) if isinstance(options, dict) else None
    if wanted is None or isinstance(wanted, bool):
        return wanted
    raise InvalidRequestBody(f"{OPTION}: expected true or false")


def refuse_option(options: object) -> None:
    """Refuse a recommender's uncertainty: a list of items has no truth to lie within."""
    if read_option(options):
        raise InvalidRequestBody(f"{OPTION}: a recommender has neither intervals nor sets, leave it out")


def is_wanted(option: bool | None, deployed: Definition) -> bool:
    """Tell whether answers say how sure they are: as the request wants, else as the deployed definition does."""
    return deployed.serving.uncertainty == "always" if option is None else option


def add_bounds(predictions: Predictions, bounds: ErrorBounds, coverage: float) -> None:
    """Add to each prediction the bound of the version that answered it."""
    of_version = {model.version: bounds.find(model.manifest, coverage) for model in set(predictions.models)}
    predictions.bounds = [of_version[model.version] for model in predictions.models]


def write_uncertainty(model: TabularModel, numbers: Numbers, label: str | None, served: ServedBound) -> str:
    """Write the interval or the set of one prediction, or why it is withheld.

    It is made from the numbers as they were written, so it is the same whichever way they were computed.
    """
    if served.bound is None:
        return f'"{"interval" if label is None else "set"}":null,"withheld":"{served.withheld}"'
    return model.answer_writer.uncertainty(numbers, label, served.bound)
