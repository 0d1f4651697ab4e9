"""Write the answers of a version as JSON, by templates made once: the plain way is a dictionary and `json`.

Numbers are written once, for the caller and for the captured line alike.
"""

from __future__ import annotations

import json
from json.encoder import encode_basestring_ascii as text
from typing import TYPE_CHECKING

from refrain.conformal import ERROR_DIGITS
from refrain.unfamiliar import write_unfamiliar

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from refrain.unfamiliar import Unfamiliar

    type Numbers = tuple[str, ...]
    """One row's numbers as JSON text: of each class, or the one value of a regression."""

MIN_PLAIN_SHARE = 1e-3
"""From here on shares are written without an exponent, so that their texts are in the order of the shares."""

FLOAT32_DIGITS = 7
"""What a float32 holds, so that 0.1 is not written 0.10000000149011612."""

BOUND_DIGITS = 3
"""The ends of an interval have so many digits more than the answer between them."""


class AnswerWriter:
    """Writes the answers of one version; `classes` are in the order of its numbers, None for a regression.

    Numbers have so many significant `digits`.
    """

    def __init__(self, classes: Sequence[str] | None, digits: int = FLOAT32_DIGITS) -> None:
        self._number = f"%.{digits}g "
        self._interval = '"interval":[%.{0}g,%.{0}g]'.format(digits + BOUND_DIGITS)
        self._width = len(classes) if classes else 1
        self._labels = {label: json.dumps(label) for label in classes or ()}
        probabilities = ",".join(f"{label.replace('%', '%%')}:%s" for label in self._labels.values())
        self._template = f'{{"label":%s,"probabilities":{{{probabilities}}}%s}}' if classes else '{"value":%s%s}'

    def numbers(self, scores: Sequence[float]) -> list[Numbers]:
        """Write the numbers of rows, which follow each other in `scores`.

        >>> AnswerWriter(["no", "yes"]).numbers([0.25, 0.75, 1.0, 1e-9])
        [('0.25', '0.75'), ('1', '1e-09')]
        >>> AnswerWriter(None, 12).numbers([1_700_000_123.456])
        [('1700000123.46',)]
        """
        numbers = (self._number * len(scores) % tuple(scores)).split()
        return list(zip(*[iter(numbers)] * self._width, strict=True))

    def uncertainty(self, numbers: Numbers, label: str | None, bound: float) -> str:
        """Write the interval, or the set of labels, whose errors keep to a bound; the answer itself is always in it.

        >>> AnswerWriter(None).uncertainty(("7.5",), None, 0.7)
        '"interval":[6.8,8.2]'
        >>> AnswerWriter(["no", "yes"]).uncertainty(("0.25", "0.75"), "yes", 0.8)
        '"set":["no","yes"]'
        """
        if label is None:
            value = float(numbers[0])
            return self._interval % (value - bound, value + bound)
        shares: Iterable[tuple[str, str]] = zip(self._labels.values(), numbers, strict=True)
        least = 1 - bound - 2 * 10**-ERROR_DIGITS
        if least > MIN_PLAIN_SHARE:  # most of many classes are less likely: no need to parse them
            low = f"{least:.8f}"
            shares = [(name, share) for name, share in shares if low <= share and "e-" not in share]
        within = [name for name, share in shares if round(1 - float(share), ERROR_DIGITS) <= bound]
        own = self._labels[label]
        if own not in within:
            within = [name for name in self._labels.values() if name == own or name in within]
        return f'"set":[{",".join(within)}]'

    def prediction(
        self,
        numbers: Numbers,
        label: str | None,
        unfamiliar: Unfamiliar = (),
        version: str = "",
        uncertainty: str = "",
        decision: str = "",
    ) -> str:
        """Write one prediction, with decision, uncertainty, what is unfamiliar and the version, where there is any.

        >>> AnswerWriter(["no", "yes"]).prediction(("0.25", "0.75"), "yes")
        '{"label":"yes","probabilities":{"no":0.25,"yes":0.75}}'
        >>> AnswerWriter(None).prediction(("7.5",), None, ["age"], "v2")
        '{"value":7.5,"unfamiliar":["age"],"version":"v2"}'
        """
        notes = _notes(unfamiliar, version) if unfamiliar or version else ""
        if uncertainty:
            notes = f",{uncertainty}{notes}"
        if decision:
            notes = f',"decision":{self._labels[decision]}{notes}'
        if label is None:
            return self._template % (*numbers, notes)
        return self._template % (self._labels[label], *numbers, notes)


def write_answer(
    predictions: Iterable[str], model: str, version: str, ids: Sequence[str], ignored: Sequence[str]
) -> str:
    """Write a whole answer from its predictions; `ids` need no escapes.

    >>> write_answer(['{"value":7}'], "flats", "v1", ["a-000"], [])
    '{"predictions":[{"value":7}],"model":"flats","model_version":"v1","prediction_ids":["a-000"]}'
    """
    rest = f',"ignored":{json.dumps(ignored)}' if ignored else ""
    return (
        f'{{"predictions":[{",".join(predictions)}],"model":{text(model)},'
        f'"model_version":{text(version)},"prediction_ids":["{'","'.join(ids)}"]{rest}}}'
    )


def _notes(unfamiliar: Unfamiliar, version: str) -> str:
    features = write_unfamiliar(unfamiliar)
    return f'{features},"version":{text(version)}' if version else features
