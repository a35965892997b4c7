"""Judge: the numbers with their protocol, and the quiz."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect


def test_a_number_stands_with_its_protocol(visit):
    page = visit("#/judge/dcgan")
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="fd", exact=True))
    expect(page.get_by_role("row").filter(has_text="fd_floor")).to_be_visible()
    assert re.search(r"\d", row.locator("td").nth(1).inner_text())
    expect(row.locator("dl")).to_be_hidden()
    row.locator("summary").click()
    expect(row.locator("dl")).to_contain_text("reference")


def test_what_was_not_measured_says_how_to(visit):
    page = visit("#/judge/vae")
    expect(page.get_by_text("Nothing was measured yet: `saddle evaluate`")).to_be_visible()


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_the_quiz_is_answered_to_its_end(visit, hand):
    page = visit("#/judge/dcgan")
    page.get_by_role("button", name="Start").click()
    told = page.get_by_role("status")
    expect(told).to_contain_text("Half are real, more or less")
    right = 0
    for i in range(12):
        expect(page.get_by_role("img", name=f"Picture {i + 1} of 12")).to_be_visible()
        if hand == "mouse":
            page.get_by_role("button", name="Real" if i % 2 else "Generated").click()
        else:
            expect(page.get_by_role("button", name="Real")).to_be_focused()
            page.keyboard.press("Enter")
        expect(told).to_contain_text(f"of {i + 1} right")
        right += told.inner_text().startswith("Right")
    expect(told).to_contain_text(f"{right} of 12 right; guessing gives half.")
    assert 0 < right < 12 or hand == "keyboard"
    page.get_by_role("button", name="Another round").click()
    expect(page.get_by_role("img", name="Picture 1 of 12")).to_be_visible()


def test_points_have_no_quiz(visit):
    page = visit("#/judge/ring")
    expect(page.get_by_text("Nothing was measured yet")).to_be_visible()
    expect(page.get_by_role("button")).to_have_count(0)
