"""Hints for a receipt: categories that most likely are one value, written in two ways or otherwise than in requests."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

MAX_HINT_LENGTH = 100
"""A longer text is prose, whose case says nothing, and takes time to change."""

_WHOLE = re.compile(r"([+-]?\d+)\.0*", re.ASCII)
_BOOLEANS = frozenset({"true", "false"})


def hint_categories(column: str, texts: Collection[str]) -> Iterator[str]:
    """Say which key of the definition makes one category of two, with an example; at most one hint for each key.

    >>> list(hint_categories("shop", ["19", "19.0", "Bern"]))
    ["column 'shop' has the categories '19.0' and '19': whole = true makes them one"]
    """
    words = [text for text in texts if len(text) <= MAX_HINT_LENGTH]
    for key, simplify, is_json in (("whole", _without_point, _is_whole), ("lower", str.lower, _is_boolean)):
        twins = [text for text in words if (simple := simplify(text)) != text and simple in texts]
        if twins:
            example = min(twins)
            yield f"column {column!r} has the categories {example!r} and {simplify(example)!r}: {_makes(key)}"
        elif texts and all(map(is_json, texts)) and (example := min(texts)) != simplify(example):
            value = simplify(example)
            yield f"column {column!r} has the category {example!r}, but {value} in JSON is {value!r}: {_makes(key)}"


def _makes(key: str) -> str:
    return f"{key} = true makes them one"


def _without_point(text: str) -> str:
    match = _WHOLE.fullmatch(text)
    return match[1] if match else text


def _is_whole(text: str) -> bool:
    return _WHOLE.fullmatch(text) is not None


def _is_boolean(text: str) -> bool:
    return text.lower() in _BOOLEANS
