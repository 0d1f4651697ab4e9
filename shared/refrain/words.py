"""Writes figures for people, in the same way in sentences and on pages."""

import math


def figure(value: float) -> str:
    """Write a figure with four significant digits (three below 0.1), without powers of ten unless it is extreme.

    >>> figure(0.92711), figure(41.2349), figure(18234.4), figure(0.000123456), figure(0.0), figure(-0.5)
    ('0.9271', '41.23', '18,234', '0.000123', '0', '−0.5000')
    """
    if not math.isfinite(value):
        return "–"
    if value == 0:
        return "0"
    size = abs(value)
    if size >= 1e9 or size < 1e-5:
        text = f"{size:.3g}"
    elif size >= 1000:
        text = f"{size:,.0f}"
    else:
        text = f"{size:.{min(8, 3 - min(math.floor(math.log10(size)), 2) - (size < 0.1))}f}"
    return f"−{text}" if value < 0 else text


def signed(value: float) -> str:
    """Write a difference with its sign.

    >>> signed(0.0123), signed(-2.0), signed(0.0)
    ('+0.0123', '−2.000', '0')
    """
    return f"+{figure(value)}" if value > 0 else figure(value)


def signed_digits(value: float, digits: int) -> str:
    """Write a difference with its sign and so many decimal places.

    >>> signed_digits(0.254, 2), signed_digits(-5.0, 1)
    ('+0.25', '−5.0')
    """
    return f"{value:+.{digits}f}".replace("-", "−")


def counted(value: int, noun: str = "") -> str:
    """Write a whole number, with its noun in the singular or plural.

    >>> counted(9768), counted(1, "row"), counted(9768, "row")
    ('9,768', '1 row', '9,768 rows')
    """
    return f"{value:,}" + (f" {noun}{'' if value == 1 else 's'}" if noun else "")


def share(value: float) -> str:
    """Write a share in percent, but not "100 %" for nearly all, nor "0 %" for nearly none.

    >>> share(0.5), share(0.9996), share(1.0), share(0.0002), share(0.9875)
    ('50 %', '> 99.9 %', '100 %', '< 0.1 %', '98.8 %')
    """
    if 0.9995 <= value < 1:
        return "> 99.9 %"
    if 0 < value < 0.0005:
        return "< 0.1 %"
    text = f"{100 * value:.1f}".removesuffix(".0")
    return f"{text} %"


def probability(value: float) -> str:
    """Write a probability from a count of resamples: even one that no resample showed is not zero.

    >>> probability(1.0), probability(0.983), probability(0.0)
    ('> 99.9 %', '98.3 %', '< 0.1 %')
    """
    return share(min(max(value, 0.0001), 0.9999))


def size(value: int) -> str:
    """Write a number of bytes.

    >>> size(730), size(12_345), size(4_200_000)
    ('730 B', '12.3 kB', '4.2 MB')
    """
    if value < 1000:
        return f"{value} B"
    return f"{value / 1000:.1f} kB" if value < 1e6 else f"{value / 1e6:.1f} MB"


def memory_size(value: float) -> str:
    """Write bytes of memory in the MB of Lambda, which are 1,048,576 bytes.

    >>> memory_size(314_573), memory_size(2_082_000_000)
    ('0.3 MB', '1,986 MB')
    """
    megabytes = value / 1_048_576
    return f"{megabytes:.1f} MB" if megabytes < 10 else f"{megabytes:,.0f} MB"


def milliseconds(value: float) -> str:
    """Write a duration of milliseconds.

    >>> milliseconds(0.0213), milliseconds(4.2), milliseconds(12.34)
    ('0.021 ms', '4.20 ms', '12.3 ms')
    """
    return f"{value:.3f} ms" if value < 1 else f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms"


def listed(words: list[str]) -> str:
    """Join words as in a sentence.

    >>> listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])
    ('a', 'a and b', 'a, b and c')
    """
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else "none"
