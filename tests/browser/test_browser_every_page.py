"""What holds for every page: it fits narrow screens, a keyboard leads through it, and all in it has a name."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect

PAGES = {
    "runs": "#/runs",
    "run": "#/run/dcgan",
    "compare": "#/compare/dcgan/cgan",
    "generate": "#/generate/cgan",
    "points": "#/generate/ring",
    "walk": "#/walk/dcgan",
    "steer": "#/steer/vae",
    "invert": "#/invert/vae",
    "judge": "#/judge/dcgan",
    "lab": "#/lab/orbit",
    "lab dirac": "#/lab/dirac",
    "lab game": "#/lab/game",
    "new": "#/new/dcgan",
}
WIDTHS = (375, 800, 1280)
NAMED = "button|checkbox|combobox|img|link|listbox|progressbar|radio|searchbox|slider|spinbutton|switch|textbox"

WIDER = """() => [...document.querySelectorAll("main *, header *")]
    .filter(each => each.getBoundingClientRect().right > innerWidth + 1)
    .map(each => each.outerHTML.slice(0, 120))"""

# Where a Tab must stop: not in a closed <details>, and of radios at the one that is chosen.
STOPS = """() => [...document.querySelectorAll("a[href], button, input, select, textarea, summary, [tabindex='0']")]
    .filter(each => !each.disabled && !(each.type === "radio" && !each.checked))
    .filter(each => each.checkVisibility({ visibilityProperty: true })).length"""

# Seen: its middle is on the screen and nothing lies over it, such as a header that sticks.
FOCUSED = """() => {
    const each = document.activeElement, style = getComputedStyle(each), box = each.getBoundingClientRect();
    const there = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
    return {
        place: [...document.querySelectorAll("*")].indexOf(each),
        what: each === document.body ? "" : each.outerHTML.slice(0, 120),
        ring: style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0,
        seen: each.contains(there),
    };
}"""


def test_the_list_here_has_every_page_of_the_menu(visit):
    page = visit()
    links = page.get_by_role("navigation").get_by_role("link")
    expect(links.first).to_be_visible()
    hrefs = links.evaluate_all("all => all.map(each => each.getAttribute('href'))")
    assert {href.removeprefix("#/") for href in hrefs} <= PAGES.keys()


@pytest.fixture(params=PAGES)
def page(request, visit):
    """A page that has loaded all it shows."""
    page = visit(PAGES[request.param], viewport={"width": 800, "height": 700})
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    return page


def test_it_is_no_wider_than_the_screen(page):
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 700})
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (width, page.evaluate(WIDER))


def test_all_in_it_has_a_name(page):
    lines = page.locator("body").aria_snapshot().splitlines()
    nameless = [line for line in lines if re.match(rf'\s*- (?:{NAMED})\b(?! ")', line)]
    assert not nameless
    assert any(re.match(r'\s*- link "Runs"', line) for line in lines)  # or the pattern matches nothing at all


@pytest.mark.parametrize("width", WIDTHS[:2])
def test_the_keyboard_comes_past_everything_and_its_place_is_seen(page, width):
    page.set_viewport_size({"width": width, "height": 700})
    stops = page.evaluate(STOPS)
    for key, times in {"Tab": stops, "Shift+Tab": stops - 1}.items():  # to the last, and from it back to the first
        focused = []
        for _ in range(times):
            page.keyboard.press(key)
            focused.append(page.evaluate(FOCUSED))
        assert [each for each in focused if not each["what"] or not each["ring"] or not each["seen"]] == [], key
        assert len({each["place"] for each in focused}) == times
