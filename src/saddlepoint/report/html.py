"""HTML from text that is not trusted: whatever is not `Html` is escaped on its way in."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Sequence
from html import escape


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as HTML: escaped, unless it is HTML."""
    return value if isinstance(value, Html) else Html(escape(str(value)))


def tag(name: str, *content: object, **attributes: object) -> Html:
    """`<name attribute="...">content</name>`; an attribute's underscore at the end is left off (`class_`)."""
    given = "".join(f' {key.rstrip("_").replace("_", "-")}="{escape(str(v))}"' for key, v in attributes.items())
    return Html(f"<{name}{given}>{join(content)}</{name}>")


def join(parts: Iterable[object]) -> Html:
    return Html("".join(text(part) for part in parts))


def image(picture: bytes, alt: str, caption: object = "") -> Html:
    """A PNG as part of the page, with a caption below."""
    data = base64.b64encode(picture).decode()
    drawn = Html(f'<img alt="{escape(alt)}" src="data:image/png;base64,{data}">')
    return tag("figure", drawn, tag("figcaption", caption) if caption else "")


def table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """A table that scrolls sideways by itself where the screen is narrow."""
    top = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head)))
    body = tag("tbody", *(tag("tr", *(tag("td", cell) for cell in row)) for row in rows))
    return tag("div", tag("table", top, body), class_="wide", tabindex=0)


def pairs(facts: Iterable[tuple[object, object]]) -> Html:
    """Terms, each with what it is."""
    return tag("dl", *(join([tag("dt", key), tag("dd", value)]) for key, value in facts))


def section(title: str, *content: object) -> Html:
    """A part of the page under its heading; none if there is nothing in it."""
    return tag("section", tag("h2", title), *content) if any(content) else Html()


def details(title: str, *content: object) -> Html:
    return tag("details", tag("summary", title), *content)
