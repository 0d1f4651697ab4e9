"""HTML from function calls, and the frame of all pages: one file that loads nothing.

All text is escaped unless it was made here, so no data can become markup.
"""

from collections.abc import Iterable
from html import escape
from pathlib import Path

EMPTY = frozenset({"meta", "br", "line", "rect", "circle", "path"})
_STYLE = Path(__file__).with_name("style.css")


class Html(str):
    """Text that is markup; only `element` and `joined` make it."""

    __slots__ = ()


def element(name: str, *children: str | None, **attributes: str | float | None) -> Html:
    """Return one element. `class_` is `class`, other underscores are hyphens; None is left out.

    >>> element("td", "a < b", Html("<br>"), class_="wide", aria_label='"quoted"')
    '<td class="wide" aria-label="&quot;quoted&quot;">a &lt; b<br></td>'
    """
    markup = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(svg_number(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in EMPTY and not children:
        return Html(f"<{name}{markup}{'' if name in ('meta', 'br') else '/'}>")
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


def badge(words: str, kind: str = "") -> Html:
    """Return a few words set off; the kind gives the colour."""
    return element("span", words, class_=f"badge {kind}".strip())


def html_table(caption: str, header: Iterable[str], rows: Iterable[Iterable[str]]) -> Html | None:
    """Return a table with column headers and a row header in each row's first cell; None without rows.

    A column whose header starts with `#` holds numbers and is set flush right.
    """
    titles = list(header)
    kinds = ["number" if title.startswith("#") else None for title in titles]
    head = [
        element("th", title.lstrip("#"), scope="col", class_=kind) for title, kind in zip(titles, kinds, strict=True)
    ]
    body = []
    for name, *cells in rows:
        rest = [element("td", cell, class_=kind) for cell, kind in zip(cells, kinds[1:], strict=True)]
        body.append(element("tr", element("th", name, scope="row"), *rest))
    parts = (element("caption", caption), element("thead", element("tr", *head)), element("tbody", *body))
    return scroller(caption, element("table", *parts)) if body else None


def scroller(name: str, content: Html, class_: str = "scroll") -> Html:
    """Return what may be wider than a phone, in a region that the keyboard reaches too."""
    return element("div", content, class_=class_, tabindex="0", role="region", aria_label=name)


def captioned(title: str, note: str, drawing: str, *below: str | None) -> Html:
    """Return a drawing, or a table, with its caption."""
    return element("figure", element("figcaption", title, element("span", note)), drawing, *below)


def legend(entries: Iterable[tuple[str, str]]) -> Html:
    """Return the list of colours and their meanings."""
    items = (element("li", element("i", class_=colour), name) for colour, name in entries)
    return element("ul", *items, class_="legend")


def section(key: str, title: str, note: str, *content: str | None) -> Html:
    """Return a section with its heading."""
    head = (element("h2", title, id=key), element("p", note, class_="soft"))
    return element("section", *head, *content, aria_labelledby=key)


def heading(
    title: str,
    mark: Html | None,
    decision: str,
    particulars: Iterable[str],
    tiles: Iterable[tuple[str, str, str]],
    *,
    more: Iterable[str] = (),
) -> Html:
    """Return the top of a page: the result in one sentence, more sentences, the particulars and the figures.

    A figure is a tile: its name over it, and a note below.
    """
    figures = []
    for name, value, note in tiles:
        content = element("dd", element("div", value, class_="big"), element("div", note, class_="soft small"))
        figures.append(element("div", element("dt", name), content, class_="tile"))
    return element(
        "header",
        element("div", mark, element("h1", title), class_="top"),
        element("p", decision, class_="decision"),
        *(element("p", sentence) for sentence in more),
        element("p", " · ".join(particulars), class_="soft small"),
        element("dl", *figures, class_="tiles"),
    )


def framed(title: str, *parts: str | None, methods: str) -> str:
    """Return a whole page; `methods` stands at its foot."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(_STYLE.read_text(encoding="utf-8"))),
    )
    footer = element("footer", element("p", methods), element("p", "Made by Refrain."))
    body = element("body", element("main", *parts, footer))
    return joined([Html("<!doctype html>\n"), element("html", head, body, lang="en"), Html("\n")])
