"""The names of columns: tidied as values are, so that two names that look the same are one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from preprocessing.cells import tidy_text
from preprocessing.errors import DefinitionError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def tidy_document(document: Mapping[str, object], where: str) -> dict[str, object]:
    """Tidy every name of a column in a definition. Raises `DefinitionError` where two names become one.

    Whatever has another shape than it should is left as it is, for the loader to refuse.

    >>> tidy_document({"target": " y ", "columns": {"y": {"type": "number"}}}, "m.toml")["target"]
    'y'
    """
    tidy: dict[str, Any] = dict(document)
    for key in ("target", "time", "key"):
        _replace(tidy, key)
    for section, keys in (("source", ("header",)), ("monitoring", ("ignore", "segments")), ("training", ("group",))):
        if isinstance(tidy.get(section), dict):
            tidy[section] = dict(tidy[section])
            for key in keys:
                _replace(tidy[section], key)
    source = tidy.get("source")
    if isinstance(source, dict) and isinstance(source.get("rename"), dict):
        source["rename"] = {
            name: _tidy(column) for name, column in _tidy_keys(source["rename"], where, "source.rename").items()
        }
    for section in ("columns", "derived"):
        if isinstance(tidy.get(section), dict):
            tidy[section] = _tidy_keys(tidy[section], where, section)
            for entry in tidy[section].values():
                if isinstance(entry, dict):
                    _replace(entry, "from")
    return tidy


def similar_names(absent: Iterable[str], ignored: Iterable[str]) -> dict[str, str]:
    """Find the absent column that each ignored name may mean: it differs only by case, blanks or punctuation.

    >>> similar_names(["fee_total", "age"], ["Fee Total", "aged"])
    {'Fee Total': 'fee_total'}
    """
    columns = {_letters(name): name for name in absent}
    columns.pop("", None)
    return {name: columns[letters] for name in ignored if (letters := _letters(name)) in columns}


def _letters(name: str) -> str:
    return "".join(letter for letter in tidy_text(name).casefold() if letter.isalnum())


def _replace(table: dict[str, Any], key: str) -> None:
    if key in table:
        table[key] = _tidy(table[key])


def _tidy(names: Any) -> Any:
    """Tidy a name or a list of names."""
    if isinstance(names, list):
        return [tidy_text(name) if isinstance(name, str) else name for name in names]
    return tidy_text(names) if isinstance(names, str) else names


def _tidy_keys(table: Mapping[str, Any], where: str, path: str) -> dict[str, Any]:
    tidy: dict[str, Any] = {}
    for name, entry in table.items():
        if tidy_text(name) in tidy:
            raise DefinitionError(where, f"{path}.{name}", "expected another name: tidied, it is one of those before")
        tidy[tidy_text(name)] = dict(entry) if isinstance(entry, dict) else entry
    return tidy
