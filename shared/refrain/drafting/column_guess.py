"""Tells what a person would write about one column: its type, the form of its values, and what means missing."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from preprocessing import Column
from preprocessing.cells import MISSING_MARKS
from preprocessing.number_values import MAX_EXACT, NUMBERS
from preprocessing.values import FALSE, TRUE
from refrain.checks.column_checks import nines_for_missing
from refrain.drafting.name_words import CODES, DATES, KINDS, YEARS, words_of
from refrain.drafting.number_guess import guess_numbers, has_leading_zeros
from refrain.drafting.time_guess import number_time_keys, time_keys
from refrain.words import counted, figure, listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from preprocessing.definition import Kind

MAX_JUNK = 0.005
"""Values that do not fit, as a share: with more of them, another type fits."""

MAX_MARKED = 0.5
MAX_OTHER_MARKS = 2
MAX_KINDS = 15
MAX_VOTING_ROWS = 300
MIN_CODES = 5
MAX_TOKENS = 20
"""Ways to write true, false and missing that one column may have."""

MARKS = frozenset(
    {"?", "-", "--", "---", ".", "..", "...", "n/a", "#n/a", "n.a.", "<na>", "nil", "\\n", "(null)", "<null>"}
    | {"missing", "unknown", "unspecified", "not available", "not applicable", "no data", "nd", "#div/0!", "#value!"}
    | {"#ref!", "none", "*", "**", "inf", "-inf", "infinity", "-infinity", "+inf"}
)
"""Texts that mean missing among numbers and times, in lower case."""

TEXT_MARKS = MARKS - {"none", "nil", "nd", "*", "**", "not applicable", "inf"}
"""Those that mean missing among texts too, where the others may be values."""

_ANSWERS = frozenset({"true", "false", "yes", "no"})
"""Words that are booleans, even if only one of them occurs."""

_CODE = re.compile(r"[A-Z]{2}")
_WHOLE = re.compile(r"[+-]?\d+\.0*", re.ASCII)


@dataclass(frozen=True)
class ColumnGuess:
    """A column of a draft: its type, the keys beside it, why, and why it is left out (empty: it is not)."""

    name: str
    type: Kind
    keys: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""
    left_out: str = ""

    @property
    def settings(self) -> dict[str, Any]:
        """The column as the definition has it."""
        return {"type": self.type, **self.keys}

    @property
    def column(self) -> Column:
        """The column as far as the texts of its classes need it."""
        return Column(self.name, self.type)

    def leave_out(self, reason: str) -> ColumnGuess:
        """Return the column as one that is not kept."""
        return replace(self, left_out=self.left_out or reason)


def guess_column(name: str, values: Sequence[object], decimal: str, *, na_is_missing: bool) -> ColumnGuess:
    """Guess the type of a column by the values of a sample."""
    if any(isinstance(value, list | dict) for value in values):
        return ColumnGuess(name, "category", left_out="its values are lists or objects")
    counts = Counter(_tidy(value) for value in values)
    absent = sum(counts.pop(value) for value in list(counts) if is_usual_mark(value))
    if not counts:
        return ColumnGuess(name, "category", left_out="it is always empty")
    guess = (
        _boolean(name, counts)
        or _typed_time(name, counts)
        or _number(name, counts, decimal)
        or _time(name, counts, day_first=decimal == ",")
    )
    return guess or _category(name, counts, values, na_is_missing=na_is_missing or not absent)


def is_usual_mark(value: object) -> bool:
    """Tell whether a value means missing without being named."""
    return value is None or value != value or (isinstance(value, str) and value.casefold() in MISSING_MARKS)


def _tidy(value: object) -> Any:
    return " ".join(value.split()) if isinstance(value, str) else value


def _boolean(name: str, counts: Counter[Any]) -> ColumnGuess | None:
    if any(isinstance(value, bool) for value in counts) and set(counts) <= {True, False}:
        return ColumnGuess(name, "boolean")
    if len(counts) > MAX_TOKENS:
        return None
    texts, marks = _without_marks(counts, TEXT_MARKS)
    tokens = {value.casefold() if isinstance(value, str) else f"{value:g}" for value in texts if _is_plain(value)}
    if not all(map(_is_plain, texts)) or not tokens <= TRUE | FALSE or words_of(name) & YEARS:
        return None
    if not tokens <= _ANSWERS and not (tokens & TRUE and tokens & FALSE):
        return None
    return ColumnGuess(name, "boolean", _missing(marks), listed(sorted(map(_shown, texts))))


def _is_plain(value: object) -> bool:
    return isinstance(value, str | int | float)


def _typed_time(name: str, counts: Counter[Any]) -> ColumnGuess | None:
    typed = all(hasattr(value, "isoformat") or isinstance(value, np.datetime64) for value in counts)
    return ColumnGuess(name, "time") if typed else None


def _number(name: str, counts: Counter[Any], decimal: str) -> ColumnGuess | None:
    candidates, usual = _without_marks(counts, MARKS)
    keys, read = guess_numbers([value for value in candidates if not isinstance(value, bool)], decimal)
    fitting = list(read)
    unfit = {value: candidates[value] for value in candidates if value not in read}
    marks, rest = _other_marks(unfit)
    junk, rows = sum(rest.values()), counts.total()
    marked = sum(usual.values()) + sum(marks.values())
    if not fitting or junk > MAX_JUNK * rows or marked > MAX_MARKED * rows:
        return None
    numbers = np.array(list(read.values()))
    words = words_of(name)
    if has_leading_zeros(fitting) or np.abs(numbers).max() >= MAX_EXACT:
        return None
    is_whole = not (numbers % 1).any()
    named = bool(words & DATES)
    if is_whole and (time := number_time_keys(numbers.tolist(), named=named)):
        return ColumnGuess(name, "time", {**time[0], **_missing({**usual, **marks})}, time[1])
    if is_whole and (words & CODES or (words & KINDS and len(numbers) <= MAX_KINDS)):
        whole = {"whole": True} if any(isinstance(value, str) and _WHOLE.fullmatch(value) for value in fitting) else {}
        return ColumnGuess(name, "category", {**whole, **_missing({**usual, **marks})}, "numbers that are names")
    values = np.repeat(numbers, [counts[value] for value in fitting])
    nines = [text for text, _ in nines_for_missing(values)]
    keys = {**keys, **_missing({**usual, **marks}, nines)}
    span = numbers[~np.isin(numbers, [float(text) for text in nines])]
    reason = f"{_bound(span.min())} to {_bound(span.max())}"
    if nines:
        reason += f"; {listed(nines)} stands apart, and may mean missing"
    return ColumnGuess(name, "number", keys, reason)


def _time(name: str, counts: Counter[Any], *, day_first: bool) -> ColumnGuess | None:
    candidates, usual = _without_marks(counts, MARKS)
    if not candidates or not all(isinstance(value, str) for value in candidates):
        return None
    time = time_keys(list(candidates), day_first=day_first)
    return ColumnGuess(name, "time", {**time[0], **_missing(usual)}, time[1]) if time else None


def _category(name: str, counts: Counter[Any], values: Sequence[object], *, na_is_missing: bool) -> ColumnGuess:
    texts, marks = _without_marks(counts, TEXT_MARKS)
    keys: dict[str, Any] = _missing(marks)
    words = [text for text in texts if isinstance(text, str)]
    if not na_is_missing and len(words) >= MIN_CODES and all(map(_CODE.fullmatch, words)) and "NA" in values:
        keys["only_missing"] = []
    if len({text.casefold() for text in words}) < len(words) <= 1000:
        keys["lower"] = True
    if any(_WHOLE.fullmatch(text) for text in words):
        keys["whole"] = True
    distinct = counted(len(texts), "different value")
    shown = listed(sorted(map(_shown, texts))) if len(texts) <= 4 else distinct
    return ColumnGuess(name, "category", keys, shown if len(shown) <= 50 else distinct)


def _without_marks(counts: Counter[Any], marks: frozenset[str]) -> tuple[Counter[Any], dict[str, int]]:
    usual = {value: rows for value, rows in counts.items() if isinstance(value, str) and value.casefold() in marks}
    return Counter({value: rows for value, rows in counts.items() if value not in usual}), usual


def _other_marks(unfit: Mapping[Any, int]) -> tuple[dict[str, int], dict[Any, int]]:
    """Split values that are no numbers: a few texts that come again mean missing, the others are wrong."""
    words = {
        value: rows
        for value, rows in unfit.items()
        if isinstance(value, str) and rows > 1 and not any(map(str.isdigit, value))
    }
    marks = words if len(words) <= MAX_OTHER_MARKS else {}
    return marks, {value: rows for value, rows in unfit.items() if value not in marks}


def _missing(marks: Iterable[str], nines: Iterable[str] = ()) -> dict[str, Any]:
    texts: list[Any] = [*sorted({mark.casefold(): mark for mark in marks}.values()), *(int(text) for text in nines)]
    return {"missing": texts} if texts else {}


def _shown(value: object) -> str:
    return f"{value:g}" if isinstance(value, NUMBERS) and not isinstance(value, bool) else str(value)


def _bound(value: float) -> str:
    return f"{value:.0f}" if float(value).is_integer() and abs(value) < 1e6 else figure(float(value)).replace("−", "-")


def decimal_sign(columns: Iterable[Sequence[object]]) -> str:
    """Choose the decimal sign with which more columns are numbers: a point, unless commas make more of them."""
    votes = {".": 0, ",": 0}
    for values in columns:
        texts = [_tidy(value) for value in values[:MAX_VOTING_ROWS] if isinstance(value, str)]
        texts = [text for text in dict.fromkeys(texts) if not is_usual_mark(text) and text.casefold() not in MARKS]
        signs = [sign for sign in votes if any(sign in text for text in texts)]
        shares = {sign: _share_of_numbers(texts, sign) for sign in votes} if signs else {}
        fitting = [sign for sign, share in shares.items() if share >= 1 - MAX_JUNK]
        if fitting:
            votes[fitting[0]] += 1
    return max(votes, key=lambda sign: votes[sign])


def _share_of_numbers(texts: Sequence[str], decimal: str) -> float:
    return len(guess_numbers(texts, decimal)[1]) / len(texts)
