"""Which peers are there: one that cannot be imported is left out, with a word."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def find_missing(peers: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Say of each peer that lacks one of its modules what its import said.

    >>> find_missing({"numpy itself": ["numpy"], "a peer": ["numpy", "nosuch"]})
    {'a peer': "No module named 'nosuch'"}
    """
    found = {}
    for name, modules in peers.items():
        try:
            for module in modules:
                import_module(module)
        except ImportError as error:
            found[name] = str(error)
    return found


def missing_sentences(faults: Mapping[str, str]) -> tuple[str, ...]:
    """Write a sentence for each, as a part's `skipped`.

    >>> missing_sentences({"a peer": "No module named 'nosuch'"})
    ("a peer: it is not installed (No module named 'nosuch')",)
    """
    return tuple(f"{name}: it is not installed ({fault})" for name, fault in faults.items())
