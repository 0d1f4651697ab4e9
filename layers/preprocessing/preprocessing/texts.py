"""Free text as counts of words, without a vocabulary: each word has its place by a hash, in training and in service.

A text takes `TEXT_WIDTH` columns of the matrix, behind those of the features. How much each word tells is learned from
them, and is a part of the graph.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from preprocessing.columns import Array

TEXT_WIDTH = 2048
MAX_TEXT_LENGTH = 10_000
"""In letters: about four pages."""

_UNSPACED = "\u3040-\u30ff\u3400-\u9fff"
_WORD = re.compile(rf"[{_UNSPACED}]|[^\W{_UNSPACED}]+")
"""Letters of Chinese and Japanese stand alone, since nothing parts their words."""


def split_words(text: str) -> list[str]:
    """List the words of a text, in lower case and in their order.

    >>> split_words("Win 1'000 €, NOW 日本!")
    ['win', '1', '000', 'now', '日', '本']
    """
    return _WORD.findall(text.lower())


def count_words(texts: Iterable[str | None], counts: Array) -> None:
    """Add the words of texts to `counts` [rows, TEXT_WIDTH]; a missing text has none."""
    buckets = [[crc32(word.encode()) % TEXT_WIDTH for word in split_words(text)] if text else [] for text in texts]
    rows = np.repeat(np.arange(len(buckets)), [len(row) for row in buckets])
    np.add.at(counts, (rows, np.fromiter(chain.from_iterable(buckets), np.int64, len(rows))), 1)


def measure_texts(texts: Iterable[str | None]) -> list[float]:
    """Return the letters of each text, NaN for a missing one: what is watched of a text.

    >>> measure_texts(["one two", None])
    [7.0, nan]
    """
    return [np.nan if text is None else float(len(text)) for text in texts]
