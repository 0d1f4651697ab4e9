"""How alike items are by their descriptions, so that one which nobody has chosen can stand beside others."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_array, diags_array, vstack

from refrain.recommenders.top_k import largest_columns

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    type Texts = Mapping[str, Sequence[str | None]]
    """The texts of items by column."""

BLOCK = 256
"""New items that are compared at a time."""

MAX_RELATIVES = 20
"""Items that stand for a new one."""

MIN_LIKENESS = 0.05
"""Cosine of two descriptions below which they have nothing in common but frequent words."""


def compare_descriptions(learned: Texts, new: Texts) -> csr_array:
    """Return the cosines of descriptions [learned, new]: for each new item up to `MAX_RELATIVES`, the largest ones.

    The words of a text count, and the whole text once more; rare ones weigh more (tf-idf).
    """
    numbers: dict[str, int] = {}
    for terms in _terms(learned):
        for term in terms:
            numbers.setdefault(term, len(numbers))
    learned_terms, new_terms = _matrix(learned, numbers), _matrix(new, numbers)
    items_of_term = np.bincount(learned_terms.indices, minlength=len(numbers))
    rarity = diags_array(np.log(learned_terms.shape[0] / items_of_term) * (items_of_term > 1), dtype=np.float64)
    new_units, learned_units = _unit(new_terms @ rarity), _unit(learned_terms @ rarity).T
    blocks = [csr_array((0, learned_terms.shape[0]))]
    for start in range(0, new_units.shape[0], BLOCK):
        cosines = (new_units[start : start + BLOCK] @ learned_units).toarray()
        columns = largest_columns(cosines, MAX_RELATIVES)
        values = np.take_along_axis(cosines, columns, axis=1)
        rows = np.repeat(np.arange(len(values)), values.shape[1])
        values[values < MIN_LIKENESS] = 0
        blocks.append(csr_array((values.ravel(), (rows, columns.ravel())), shape=cosines.shape))
    likeness = csr_array(vstack(blocks).T)
    likeness.eliminate_zeros()
    return likeness


def _terms(texts: Texts) -> Iterator[set[str]]:
    """Yield the terms of each item: the whole text of each column, and its words."""
    for row in zip(*texts.values(), strict=True):
        described = [(column, text.casefold()) for column, text in zip(texts, row, strict=True) if text is not None]
        words = {f"{column}:{word}" for column, text in described for word in re.findall(r"\w+", text)}
        yield words | {f"{column}={text}" for column, text in described}


def _matrix(texts: Texts, numbers: Mapping[str, int]) -> csr_array:
    rows = [sorted(numbers[term] for term in terms if term in numbers) for terms in _terms(texts)]
    starts = np.cumsum([0, *(len(row) for row in rows)])
    indices = np.array([number for row in rows for number in row], np.int64)
    return csr_array((np.ones(len(indices)), indices, starts), shape=(len(rows), len(numbers)))


def _unit(rows: csr_array) -> csr_array:
    norms = np.sqrt(rows.multiply(rows).sum(axis=1))
    return csr_array(diags_array(1 / np.where(norms > 0, norms, 1)) @ rows)
