"""SVG primitives: scales, axes with round ticks, lines, bands, marks. Colours come from the style."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from refrain.pages.html import Html, captioned, element


@dataclass(frozen=True)
class Scale:
    """A straight map from values to pixels; `end` may lie before `start`, as it does for y."""

    low: float
    high: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        """Return the pixel of a value; values outside are put at the border.

        >>> Scale(0, 1, 100, 0)(0.25), Scale(0, 1, 0, 100)(7)
        (75.0, 100.0)
        """
        share = (value - self.low) / (self.high - self.low)
        return self.start + min(max(share, 0.0), 1.0) * (self.end - self.start)


def ticks(low: float, high: float, about: int = 5) -> list[float]:
    """Return round values between low and high (Heckbert, Nice numbers for graph labels, Graphics Gems, 1990).

    >>> ticks(0, 1), ticks(0.913, 0.934, 4)
    ([0.0, 0.2, 0.4, 0.6, 0.8, 1.0], [0.915, 0.92, 0.925, 0.93])
    """
    rough = (high - low) / max(about, 1)
    power = 10.0 ** math.floor(math.log10(rough))
    step = power * min((1, 2, 5, 10), key=lambda nice: abs(math.log(nice * power / rough)))
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [round(multiple * step, 12) for multiple in range(first, last + 1)]


def tick_labels(values: Sequence[float]) -> list[str]:
    """Write ticks with as many decimals as their distance needs.

    >>> tick_labels([0.915, 0.92]), tick_labels([-10.0, 0.0, 10.0]), tick_labels([0.0, 20000.0])
    (['0.915', '0.920'], ['−10', '0', '10'], ['0', '20,000'])
    """
    step = values[1] - values[0] if len(values) > 1 else abs(values[0]) if values else 1.0
    decimals = min(8, max(0, -math.floor(math.log10(step or 1.0) + 1e-9)))
    return [f"{value:,.{decimals}f}".replace("-", "−") for value in values]


def pad_range(values: Sequence[float], share: float = 0.08) -> tuple[float, float]:
    """Return the range of values with some air on both sides; never empty.

    >>> pad_range([1.0, 2.0], 0.5), pad_range([5.0])
    ((0.5, 2.5), (4.5, 5.5))
    """
    low, high = min(values), max(values)
    air = (high - low) * share or abs(high) * 0.1 or 1.0
    return low - air, high + air


def shorten_middle(text: str, max_length: int) -> str:
    """Cut a long name in its middle, since names often differ at their ends.

    >>> shorten_middle("a_very_long_feature_name", 11)
    'a_ver…_name'
    """
    if len(text) <= max_length:
        return text
    kept = max_length - 1
    return f"{text[: kept - kept // 2]}…{text[len(text) - kept // 2 :]}"


def svg(key: str, size: tuple[float, float], title: str, description: str, *parts: str) -> Html:
    """Return a drawing with a title and a description for screen readers."""
    return element(
        "svg",
        element("title", title, id=f"{key}-title"),
        element("desc", description, id=f"{key}-description"),
        *parts,
        viewBox=f"0 0 {size[0]:g} {size[1]:g}",
        role="img",
        aria_labelledby=f"{key}-title {key}-description",
        style=f"max-width:{size[0]:g}px",
    )


def chart(
    key: str,
    size: tuple[float, float],
    title: str,
    note: str,
    description: str,
    parts: Iterable[str],
    *below: str | None,
) -> Html:
    """Return a drawing with its caption."""
    return captioned(title, note, svg(key, size, title, description, *parts), *below)


def text(x: float, y: float, content: str, class_: str = "tick", anchor: str = "start", full: str = "") -> Html:
    """Return a label; a pointer held over it shows `full`."""
    title = element("title", full) if full and full != content else None
    return element("text", title, content, x=x, y=y, class_=class_, text_anchor=anchor)


@dataclass(frozen=True)
class Panel:
    """One pair of axes within a drawing."""

    x: Scale
    y: Scale

    def grid(self, x_title: str, y_title: str) -> list[Html]:
        """Return axes: faint lines with numbers at round values, and what is on them."""
        return [*self.grid_x(x_title), *self.grid_y(y_title)]

    def grid_x(self, title: str, about: int = 5) -> list[Html]:
        """Return the upright lines of round x values, their numbers and the title below."""
        values = ticks(self.x.low, self.x.high, about)
        parts = [text((self.x.start + self.x.end) / 2, self.y.start + 36, title, "axis", "middle")]
        for value, label in zip(values, tick_labels(values), strict=True):
            parts.append(self.upright(value, "grid"))
            parts.append(text(self.x(value), self.y.start + 17, label, "tick", "middle"))
        return parts

    def grid_y(self, title: str, about: int = 5) -> list[Html]:
        """Return the level lines of round y values, their numbers and the title above."""
        values = ticks(self.y.low, self.y.high, about)
        parts = [text(self.x.start - 36, self.y.end - 12, title, "axis")]
        for value, label in zip(values, tick_labels(values), strict=True):
            parts.append(self.level(value, "grid"))
            parts.append(text(self.x.start - 7, self.y(value) + 4, label, "tick", "end"))
        return parts

    def upright(self, value: float, class_: str) -> Html:
        """Return a line from bottom to top."""
        x = self.x(value)
        return element("line", x1=x, y1=self.y.start, x2=x, y2=self.y.end, class_=class_)

    def level(self, value: float, class_: str) -> Html:
        """Return a line from left to right."""
        y = self.y(value)
        return element("line", x1=self.x.start, y1=y, x2=self.x.end, y2=y, class_=class_)

    def line(self, xs: Sequence[float], ys: Sequence[float], class_: str) -> Html:
        """Return a line through points."""
        return element("path", d=f"M{self._points(xs, ys)}", class_=f"line {class_}")

    def band(self, xs: Sequence[float], low: Sequence[float], high: Sequence[float], class_: str) -> Html:
        """Return the area between two lines."""
        forth, back = self._points(xs, low), self._points(xs[::-1], high[::-1])
        return element("path", d=f"M{forth} L{back}Z", class_=f"band {class_}")

    def steps(self, edges: Sequence[float], heights: Sequence[float], class_: str) -> Html:
        """Return a histogram's outline, filled down to its base."""
        xs = [edges[0], *(edge for edge in edges[1:-1] for _ in (0, 1)), edges[-1]]
        ys = [height for height in heights for _ in (0, 1)]
        corners = self._points([edges[0], *xs, edges[-1]], [self.y.low, *ys, self.y.low])
        return element("path", d=f"M{corners}Z", class_=f"area {class_}")

    def _points(self, xs: Sequence[float], ys: Sequence[float]) -> str:
        return " ".join(f"{self.x(x):.1f},{self.y(y):.1f}" for x, y in zip(xs, ys, strict=True))


def whisker(x1: float, y1: float, x2: float, y2: float, class_: str) -> Html:
    """Return the line of an interval."""
    return element("line", x1=x1, y1=y1, x2=x2, y2=y2, class_=f"whisker {class_}")


def dot(x: float, y: float, class_: str, radius: float = 5) -> Html:
    """Return a round mark."""
    return element("circle", cx=x, cy=y, r=radius, class_=f"mark {class_}")


def diamond(x: float, y: float, class_: str, radius: float = 6) -> Html:
    """Return a diamond, the champion's mark, which needs no colour to be recognised."""
    path = f"M{x:.1f},{y - radius:.1f} {x + radius:.1f},{y:.1f} {x:.1f},{y + radius:.1f} {x - radius:.1f},{y:.1f}Z"
    return element("path", d=path, class_=f"mark {class_}")
