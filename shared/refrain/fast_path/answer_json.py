"""How a version's answers are written: numbers once, for the caller and the capture alike, and rows by a template."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    type Numbers = tuple[str, ...]
    """One row's numbers as JSON text: of each class, or the one value of a regression."""


class AnswerWriter:
    """The words of a version: `classes` are its classes in the order of its numbers, None for a regression."""

    def __init__(self, classes: Sequence[str] | None) -> None:
        self._width = len(classes) if classes else 1
        self._labels = {label: json.dumps(label) for label in classes or ()}
        probabilities = ",".join(f"{each.replace('%', '%%')}:%s" for each in self._labels.values())
        self._template = f'{{"label":%s,"probabilities":{{{probabilities}}}%s}}' if classes else '{"value":%s%s}'

    def numbers(self, scores: Sequence[float]) -> list[Numbers]:
        """Write the numbers of rows, which follow each other in `scores`.

        With the seven digits that a float32 holds, so that 0.1 is not written 0.10000000149011612.

        >>> AnswerWriter(["no", "yes"]).numbers([0.25, 0.75, 1.0, 1e-9])
        [('0.25', '0.75'), ('1', '1e-09')]
        """
        written = ("%.7g " * len(scores) % tuple(scores)).split()
        return list(zip(*[iter(written)] * self._width, strict=True))

    def row(self, numbers: Numbers, label: str | None, more: str = "") -> str:
        """Write one prediction as a JSON object; `more` are further fields, each behind a comma.

        >>> AnswerWriter(["no", "yes"]).row(("0.25", "0.75"), "yes")
        '{"label":"yes","probabilities":{"no":0.25,"yes":0.75}}'
        >>> AnswerWriter(None).row(("7.5",), None, ',"unfamiliar":["age"]')
        '{"value":7.5,"unfamiliar":["age"]}'
        """
        if label is None:
            return self._template % (*numbers, more)
        return self._template % (self._labels[label], *numbers, more)
