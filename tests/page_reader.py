"""What a browser would make of a page."""

from __future__ import annotations

import re
from html.parser import HTMLParser

VOID = {"meta", "img", "br"}
REFERENCES = {"src", "href", "action", "data", "poster", "srcset", "background", "xlink:href"}


class Reader(HTMLParser):
    """Tags in order, their references, headings, and all text; refuses a page whose tags do not nest."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.references: list[str] = []
        self.attributes: list[tuple[str, str]] = []
        self.headings: list[str] = []
        self.text = self.style = ""
        self._open: list[str] = []
        self.feed(page)
        self.close()
        assert not self._open, self._open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        self.references += [value or "" for name, value in attrs if name in REFERENCES]
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if self._open[-1:] == ["style"]:
            self.style += data
            return
        self.text += data
        if self._open[-1:] == ["h2"]:
            self.headings.append(data)


def assert_stands_alone(page: str) -> Reader:
    """Nothing is fetched and nothing is run."""
    reader = Reader(page)
    assert all(reference.startswith("data:image/png;base64,") for reference in reader.references)
    assert not {"script", "iframe", "object", "embed", "link", "base", "form", "a"} & set(reader.tags)
    assert not [name for name, _ in reader.attributes if name.startswith("on") or name == "style"]
    assert not re.search(r"url\(|@import|expression", reader.style)
    assert "https://" not in page
    assert "http://" not in page
    return reader
