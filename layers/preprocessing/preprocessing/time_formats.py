"""Formats of times: how a text is read by them, and which of them can be used at all."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING

from preprocessing.cells import YEARS, Invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_NUMERIC = {"d": 2, "m": 2, "y": 2, "Y": 4, "H": 2, "I": 2, "M": 2, "S": 2, "j": 3}
_POINT_ZERO = re.compile(r"(?<!\S)(\d+)\.0*(?!\S)", re.ASCII)
_FRACTION = re.compile(r"(?<=\d)[.,](\d{1,9})(?= ?[+-]\d\d|Z?$)", re.ASCII)
_UTC = re.compile(r"(?<=\d) ?(?:UTC|GMT|Z)$", re.IGNORECASE)
_SPACED_OFFSET = re.compile(r" (?=[+-]\d\d:?(?:\d\d)?$)", re.ASCII)


def read_iso(text: str) -> datetime | None:
    """Read ISO 8601 as people write it too: a blank before the offset, `UTC`, an hour 24."""
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        pass
    text = _SPACED_OFFSET.sub("", _UTC.sub("Z", text))
    return _first(_tries(text, datetime.fromisoformat, has_hours=True))


def read_by_formats(text: str, formats: tuple[str, ...]) -> datetime | None:
    """Read a text by the first format that it has, also with whole numbers as tables write them: `20260131.0`."""
    texts = dict.fromkeys((text, _POINT_ZERO.sub(r"\1", text)))
    return _first(time for form in texts for pattern in formats for time in _by_format(form, pattern))


def _first(times: Iterator[datetime]) -> datetime | None:
    return next(times, None)


def _by_format(text: str, pattern: str) -> Iterator[datetime]:
    """Read a text by a format; also with a fraction of a second, `UTC` or `Z` that the format does not name."""
    yield from _tries(text, lambda text: _strptime(text, pattern), has_hours="%H" in pattern)
    bare = pattern.replace(".%f", "").replace(",%f", "")
    plain, is_utc = _UTC.subn("", text)
    fraction = _FRACTION.search(plain) if "%S" in bare else None
    if fraction:
        plain = plain[: fraction.start()] + plain[fraction.end() :]
    if (plain, bare) != (text, pattern):
        micros = int(fraction[1].ljust(6, "0")[:6]) if fraction else 0
        for time in _tries(plain, lambda text: _strptime(text, bare), has_hours="%H" in bare):
            yield time.replace(microsecond=micros, tzinfo=UTC if is_utc else time.tzinfo)


def _tries(text: str, parse: Callable[[str], datetime], *, has_hours: bool) -> Iterator[datetime]:
    """Read a text as it is, or with an hour 24, which is the next day's 0."""
    with suppress(ValueError):
        yield parse(text)
    for match in re.finditer("24", text) if has_hours else ():
        before, after = text[: match.start()], text[match.end() :]
        try:
            first, last = parse(f"{before}00{after}"), parse(f"{before}23{after}")
        except ValueError:
            continue
        if last - first == timedelta(hours=23) and (first.minute, first.second, first.microsecond) == (0, 0, 0):
            try:
                yield first + timedelta(days=1)
            except OverflowError:
                raise Invalid(YEARS) from None


def _strptime(text: str, pattern: str) -> datetime:
    return datetime.strptime(_with_full_digits(text, pattern), pattern)


def _with_full_digits(text: str, pattern: str) -> str:
    """Refuse digits of several parts that are not as many as the format has: where one part ends is a guess.

    Leading zeros that a number lost are put back: one, but all of a clock time, where 5 is 00:05, and none of a year.
    """
    widths = _digit_widths(pattern)
    if not any(width for width, _ in widths):
        return text
    runs = zip(widths, re.finditer(r"\d+", text, re.ASCII), strict=False)
    for (width, zeros), run in reversed(list(runs)):
        lacking = width - len(run[0]) if width else 0
        is_number = text[: run.start()][-1:] in ("", " ")
        if not 0 <= lacking <= (zeros if is_number else 0):
            raise ValueError
        text = text[: run.start()] + "0" * lacking + text[run.start() :]
    return text


@cache
def _digit_widths(pattern: str) -> tuple[tuple[int, int], ...]:
    """Return the width of each run of digits (0: any), and how many of its first zeros it may lack."""
    runs: list[list[str]] = [[]]
    for directive, letter in re.findall(r"%(.)|(.)", pattern):
        if directive in _NUMERIC or directive == "f":
            runs[-1].append(directive)
        elif letter.isdigit():
            return ()
        elif runs[-1]:
            runs.append([])
    widths = (
        (sum(_NUMERIC[part] for part in run) if len(run) > 1 and "f" not in run else 0, run) for run in runs if run
    )
    return tuple((width, {"Y": 0, "H": width - 1}.get(run[0], 1)) for width, run in widths)


_SAMPLES = (datetime(2013, 11, 25, 21, 34, 56), datetime(2009, 2, 1, 23, 5, 7))
_LETTERS = {"YYYY": "%Y", "YY": "%y", "MM": "%m", "DD": "%d", "HH": "%H", "mm": "%M", "SS": "%S"}
_WORDS = re.compile("|".join(_LETTERS), re.IGNORECASE)


def check_format(pattern: str) -> str:
    """Return why a format cannot be used, or an empty text: it must read back what it writes, with a year.

    >>> check_format("%d.%m.%Y"), check_format("DD.MM.YYYY")
    ('', "expected a format of strptime, such as '%d.%m.%Y', got 'DD.MM.YYYY'")
    """
    if "%" not in pattern:
        return f"expected a format of strptime, such as {_in_strptime(pattern)!r}, got {pattern!r}"
    for sample in _SAMPLES:
        try:
            text = sample.replace(tzinfo=UTC).strftime(pattern)
            parsed = datetime.strptime(text, pattern)
        except ValueError as error:
            return f"expected a format of strptime, such as '%Y-%m-%d', got {pattern!r} ({error})"
        if parsed.year != sample.year:
            return f"expected a format with a year, such as '%Y-%m-%d', got {pattern!r}"
        if "%I" in pattern and "%p" not in pattern:
            return f"expected %H, or %p beside %I, in the format {pattern!r}"
    return ""


def _in_strptime(pattern: str) -> str:
    """Translate the letters of other tools."""
    words = iter(("%m", *["%M"] * 9) if re.search("HH", pattern, re.IGNORECASE) else ["%m"] * 9)
    text = _WORDS.sub(lambda match: next(words) if match[0] in ("MM", "mm") else _LETTERS[match[0].upper()], pattern)
    return text if "%" in text else "%Y-%m-%d"
