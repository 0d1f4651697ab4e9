"""Names that appear twice in one JSON object: parsers disagree on which value counts, so none is guessed."""

from __future__ import annotations

import json
from typing import Any


class RepeatedName(dict[str, Any]):
    """An object that has a name twice, the one that is `repeated`; the last value counts in it."""

    repeated = ""


def checked_object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Make an object of the pairs that a JSON decoder read."""
    names = dict(pairs)
    if len(names) == len(pairs):
        return names
    seen: set[str] = set()
    result = RepeatedName(names)
    result.repeated = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
    return result


def has_distinct_names(text: str, document: dict[str, Any]) -> bool:
    """Tell whether no object certainly has a name twice in a JSON text that was parsed as `document`.

    Each name has a colon behind it, so with as few colons as parsed names no name was lost. Times have colons too, but
    only behind digits.
    """
    if text.count(":") == len(document):
        return True
    names = _count_names(document)
    return text.count(":") == names or _count_candidates(text) == names


def find_repeated_name(text: str, document: dict[str, Any]) -> tuple[str, str] | None:
    """Return the place and the name of an object with a name twice in a JSON text that was parsed as `document`.

    The text is parsed again where that is open, which is rare.

    >>> find_repeated_name('{"a": [{"b": 1, "b": 2}]}', {"a": [{"b": 2}]})
    ('a[0]', 'b')
    """
    if has_distinct_names(text, document):
        return None
    repeats: list[RepeatedName] = []

    def note(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = checked_object(pairs)
        if isinstance(result, RepeatedName):
            repeats.append(result)
        return result

    checked = json.JSONDecoder(object_pairs_hook=note).decode(text)
    return (_where(checked, repeats[0]), repeats[0].repeated) if repeats else None


def _count_names(document: dict[str, Any]) -> int:
    """Count the names of an object, and of the objects in its lists; with deeper ones the text is parsed again."""
    names = len(document)
    for value in document.values():
        if type(value) is list:
            for entry in value:
                if type(entry) is dict:
                    names += len(entry)
    return names


def _count_candidates(text: str) -> int:
    """Count the colons behind quotes and blanks; looking for one character first is faster."""
    return text.count('":') + text.count(" :") + sum(text.count(f"{blank}:") for blank in "\n\r\t" if blank in text)


def _where(document: dict[str, Any], part: RepeatedName) -> str:
    if document is part:
        return "the body"
    for name, value in document.items():
        for index, entry in enumerate(value if isinstance(value, list) else ()):
            if entry is part:
                return f"{name}[{index}]"
    return "an object inside"
