"""Judge: the numbers with their protocol, and the quiz."""

from __future__ import annotations

import re
import shutil

import pytest
from looks import new_picture
from playwright.sync_api import expect
from serving import explorer

NEAREST = [f"Training image {i} in {space}" for space in ("pixels", "features") for i in (1, 2, 3)]


def test_a_number_stands_with_its_floor_and_protocol(visit):
    page = visit("#/judge/dcgan")
    row = page.get_by_role("row").filter(has=page.get_by_role("cell", name="fd", exact=True))
    for column in (1, 2):
        assert re.search(r"\d", row.locator("td").nth(column).inner_text())
    expect(row.locator("dl")).to_be_hidden()
    row.locator("summary").click()
    expect(row.locator("dl")).to_contain_text("reference")


def test_an_evaluation_is_started_and_its_number_comes(runs, cache, tmp_path, visit):
    shutil.copytree(runs / "vae", tmp_path / "vae")
    with explorer(tmp_path, cache) as address:
        page = visit("#/judge/vae", at=address)
        expect(page.get_by_text("Nothing was measured yet.")).to_be_visible()
        page.get_by_role("checkbox", name="fd", exact=True).check()
        page.get_by_role("combobox", name="Features").select_option("pixels")
        page.get_by_role("spinbutton", name="Samples", exact=True).fill("150")
        page.get_by_role("button", name="Measure").click()
        expect(page.get_by_role("status").filter(has_text="in a process of its own")).to_be_visible()
        expect(page.get_by_text("Measured: the numbers stand above.")).to_be_visible()
        expect(page.get_by_role("row").filter(has_text="pixels:8x8")).to_contain_text("fd")
        expect(page.get_by_role("row").filter(has_text="pixels:8x8")).to_contain_text("150")
        page.close()


def test_samples_stand_beside_their_nearest_training_images(visit):
    page = visit("#/judge/dcgan")
    page.get_by_role("button", name="Look for them").click()
    expect(page.get_by_text("Memorisation ")).to_be_visible()
    expect(page.get_by_role("img", name="Sample ")).to_have_count(8)
    expect(page.get_by_role("img", name="Training image 1 in pixels")).to_have_count(8)
    row = [page.get_by_role("img", name=name) for name in ("Sample 0", *NEAREST)]
    boxes = [image.first.bounding_box() for image in row]
    assert len({(round(box["y"]), round(box["width"]), round(box["height"])) for box in boxes}) == 1, (
        "one row, one size"
    )
    before = row[0].get_attribute("src") or ""
    page.get_by_role("spinbutton", name="Seed of the samples").fill("4")
    page.get_by_role("button", name="Look for them").click()
    new_picture(page.get_by_role("img", name="Sample 0"), before)


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_the_quiz_is_answered_to_its_end(visit, hand):
    page = visit("#/judge/dcgan")
    page.get_by_role("button", name="Start").click()
    told = page.get_by_role("status").last
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


def test_points_have_no_quiz_and_no_neighbours(visit):
    page = visit("#/judge/ring")
    expect(page.get_by_role("button", name="Measure")).to_be_visible()
    expect(page.get_by_role("heading", level=2)).to_have_text(["Metrics"])
