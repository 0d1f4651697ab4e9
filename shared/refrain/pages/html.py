"""HTML and SVG from function calls. All text is escaped unless it was made here, so no data can become markup."""

from collections.abc import Iterable
from html import escape


class Html(str):
    """Text that is markup; only `element` and `joined` make it."""

    __slots__ = ()


EMPTY = frozenset({"meta", "br", "line", "rect", "circle", "path"})


def element(name: str, *children: str | None, **attributes: str | float | None) -> Html:
    """Return one element. `class_` is `class`, other underscores are hyphens; None is left out.

    >>> element("td", "a < b", Html("<br>"), class_="wide", aria_label='"quoted"')
    '<td class="wide" aria-label="&quot;quoted&quot;">a &lt; b<br></td>'
    """
    markup = "".join(
        f' {key.rstrip("_").replace("_", "-") if key != "viewBox" else key}="{escape(svg_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY and not children:
        return Html(f"<{name}{markup}/>" if name not in {"meta", "br"} else f"<{name}{markup}>")
    return Html(f"<{name}{markup}>{joined(children)}</{name}>")


def joined(children: Iterable[str | None]) -> Html:
    """Join pieces; plain text is escaped, None is left out."""
    return Html("".join(text if isinstance(text, Html) else escape(text) for text in children if text is not None))


def svg_number(value: str | float) -> str:
    """Write an attribute: coordinates to a hundredth, which is all that a screen or a printer can show.

    >>> svg_number(12.3456), svg_number(12.0), svg_number("12.3456")
    ('12.35', '12', '12.3456')
    """
    return value if isinstance(value, str) else f"{value:.2f}".rstrip("0").rstrip(".")


def html_table(
    caption: str, header: Iterable[str], rows: Iterable[Iterable[str]], *, class_: str | None = None
) -> Html:
    """Return a table with column headers and a row header in each row's first cell.

    A column whose header starts with `#` holds numbers and is set flush right.
    """
    titles = list(header)
    numeric = ["number" if title.startswith("#") else None for title in titles]
    head = [
        element("th", title.lstrip("#"), scope="col", class_=kind) for title, kind in zip(titles, numeric, strict=True)
    ]
    body = []
    for row in rows:
        cells = list(row)
        first = element("th", cells[0], scope="row")
        rest = [element("td", cell, class_=kind) for cell, kind in zip(cells[1:], numeric[1:], strict=True)]
        body.append(element("tr", first, *rest))
    whole = element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *head)),
        element("tbody", *body),
        class_=class_,
    )
    return element("div", whole, class_="scroll")
