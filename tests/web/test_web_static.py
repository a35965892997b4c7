"""The page's own files: complete, and nothing from elsewhere."""

from __future__ import annotations

import re

from saddlepoint.web.app import STATIC


def test_every_file_that_the_page_names_is_served(tmp_path, visit):
    ask = visit(tmp_path)
    files = sorted(path for path in STATIC.iterdir())
    assert {"index.html", "style.css", "app.js"} <= {path.name for path in files}
    for path in files:
        text = path.read_text()
        named = re.findall(r'/static/([\w.]+)|from "\./([\w.]+)"', text)
        for name in filter(None, (name for pair in named for name in pair)):
            answer = ask("GET", f"/static/{name}")
            assert answer.status_code == 200, f"{path.name} names {name}"
            assert answer.text == (STATIC / name).read_text()


def test_no_rule_of_style_is_given_twice():
    """Two pages that use one name for different things spoil each other."""
    rules = re.findall(r"^([^\s@}/][^{]*?) *{", (STATIC / "style.css").read_text(), flags=re.MULTILINE)
    assert len(rules) > 50
    assert [rule for rule in rules if rules.count(rule) > 1] == []


def test_nothing_comes_from_elsewhere():
    for path in STATIC.iterdir():
        for address in re.findall(r"https?://[^\s\"'`]+", path.read_text()):
            assert address.startswith("http://www.w3.org/"), f"{path.name}: {address}"  # a name of a language
        assert not re.search(r"innerHTML|insertAdjacentHTML|eval\(|document\.write", path.read_text()), path.name
