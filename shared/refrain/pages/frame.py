"""The frame of all pages: one file that loads nothing, a title with a badge and a sentence, and a row of figures."""

from collections.abc import Iterable
from pathlib import Path

from refrain.pages.html import Html, element, joined

_STYLE = Path(__file__).with_name("style.css")


def framed(title: str, *parts: str | None, methods: str, style: str = "") -> str:
    """Return a whole page; `methods` stands at its foot, `style` is added to that of all pages."""
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        element("meta", name_="color-scheme", content="light dark"),
        element("title", title),
        element("style", Html(_STYLE.read_text(encoding="utf-8")), Html(style)),
    )
    footer = element("footer", element("p", methods), element("p", "Made by Refrain."))
    body = element("body", element("main", *parts, footer))
    return joined([Html("<!doctype html>\n"), element("html", head, body, lang="en"), Html("\n")])


def heading(
    title: str, badge: Html | None, decision: str, particulars: str, tiles: Iterable[Html], *, more: Iterable[str] = ()
) -> Html:
    """Return the top of a page: the result in one sentence, more sentences, the particulars and the figures."""
    return element(
        "header",
        element("div", badge, element("h1", title), class_="top"),
        element("p", decision, class_="decision"),
        *(element("p", sentence) for sentence in more),
        element("p", particulars, class_="soft small"),
        element("dl", *tiles, class_="tiles"),
    )


def tile(name: str, value: str, note: str) -> Html:
    """Return one figure, with its name over it and a note below."""
    content = joined([element("div", value, class_="big"), element("div", note, class_="soft small")])
    return element("div", element("dt", name), element("dd", content), class_="tile")


def section(key: str, title: str, note: str, *content: str | None) -> Html:
    """Return a section with its heading."""
    head = (element("h2", title, id=key), element("p", note, class_="soft"))
    return element("section", *head, *content, aria_labelledby=key)
