"""Finds the peers that are not installed, so that they are left out with a reason."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def find_missing(peers: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """Return the import error of each peer that lacks a module.

    >>> find_missing({"numpy itself": ["numpy"], "a peer": ["numpy", "nosuch"]})
    {'a peer': "No module named 'nosuch'"}
    """
    faults = {}
    for name, modules in peers.items():
        try:
            for module in modules:
                import_module(module)
        except ImportError as error:
            faults[name] = str(error)
    return faults


def missing_sentences(faults: Mapping[str, str]) -> tuple[str, ...]:
    """Write a sentence for each missing peer, as a part's `skipped`.

    >>> missing_sentences({"a peer": "No module named 'nosuch'"})
    ("a peer: it is not installed (No module named 'nosuch')",)
    """
    return tuple(f"{name}: it is not installed ({fault})" for name, fault in faults.items())
