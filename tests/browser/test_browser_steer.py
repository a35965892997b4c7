"""Steer: sliders that change a sample, A - B + C, attributes learnt."""

from __future__ import annotations

import re

import pytest
from looks import new_picture, pictures, wall
from playwright.sync_api import expect


@pytest.fixture
def page(visit):
    """The page of a dcgan that shows a sample with its directions."""
    page = visit("#/steer/dcgan")
    expect(page.get_by_role("slider", name="Direction 1")).to_be_visible()
    expect(page.get_by_role("img", name="Sample 0.0, steered")).to_have_attribute("src", re.compile("^data:"))
    return page


def direction(page, number):
    return page.get_by_role("slider", name=f"Direction {number}")


def tray(page, name):
    return page.get_by_role("region", name=name, exact=True)


def press_as(page, meaning, *samples):
    """Choose what a press means, and press the samples of these places."""
    page.get_by_role("radio", name=meaning, exact=True).check()
    for i in samples:
        wall(page).nth(i).click()


def test_a_slider_changes_the_picture_and_reset_restores_it(page):
    here = page.get_by_role("img", name="Sample 0.0, steered")
    start = here.get_attribute("src")
    assert start == pictures(wall(page))[0]
    direction(page, 1).fill("2")
    once = new_picture(here, start)
    direction(page, 2).fill("-2")
    twice = new_picture(here, once)
    page.get_by_role("button", name="Reset").click()
    expect(here).to_have_attribute("src", start)
    expect(direction(page, 1)).to_have_value("0")
    direction(page, 2).focus()
    page.keyboard.press("ArrowLeft")
    assert new_picture(here, start) != twice


def test_what_was_steered_is_taken_up_by_another_sample_and_another_method(page):
    direction(page, 1).fill("1.5")
    wall(page).nth(4).click()
    other = page.get_by_role("img", name="Sample 0.4, steered")
    expect(other).to_have_attribute("src", re.compile("^data:"))
    assert wall(page).nth(4).get_attribute("aria-pressed") == "true"
    before = other.get_attribute("src") or ""
    page.get_by_role("combobox", name="Directions").select_option("ganspace")
    expect(direction(page, 1)).to_have_value("0")
    expect(other).to_have_attribute("src", pictures(wall(page))[4])
    direction(page, 1).fill("1.5")
    assert new_picture(other, pictures(wall(page))[4]) != before


def test_samples_are_added_and_subtracted(page):
    nine = page.get_by_role("group", name="A - B + C")
    expect(nine).to_be_hidden()
    press_as(page, "puts it in A", 1, 2)
    press_as(page, "in B", 1, 2)
    press_as(page, "in C", 5)
    assert [len(pictures(tray(page, each))) for each in "ABC"] == [2, 2, 1]
    expect(nine.get_by_role("button")).to_have_count(9)
    shown = pictures(nine)
    assert shown[4] == pictures(wall(page))[5]  # what is taken away was added
    page.get_by_role("button", name="Other neighbours").click()
    new_picture(nine.get_by_role("img").first, shown[0])
    assert pictures(nine)[4] == shown[4]
    nine.get_by_role("button", name="A - B + C").click()
    steered = page.get_by_role("img", name="A - B + C, steered")
    expect(steered).to_have_attribute("src", shown[4])
    direction(page, 1).fill("2")
    new_picture(steered, shown[4])
    tray(page, "C").get_by_role("button").click()
    expect(nine).to_be_hidden()


def test_samples_are_dragged_into_their_group(page):
    page.set_viewport_size({"width": 1280, "height": 1600})  # so that both are in view
    wall(page).nth(3).drag_to(tray(page, "A"))
    expect(tray(page, "A").get_by_role("img", name="Sample 0.3 in A")).to_be_visible()


def test_an_attribute_is_learnt_from_marks(page):
    learn = page.get_by_role("button", name="Learn")
    expect(learn).to_be_disabled()
    press_as(page, "marks it: has it", 0, 1, 2)
    press_as(page, "has it not", 6, 7, 8)
    page.get_by_role("textbox", name="Name").fill("slant")
    learn.click()
    slider = page.get_by_role("slider", name="slant")
    expect(slider).to_be_focused()
    expect(page.get_by_text("difference of the means").last).to_be_visible()
    here = page.get_by_role("img", name="Sample 0.0, steered")
    before = here.get_attribute("src") or ""
    slider.fill("2")
    new_picture(here, before)
    page.get_by_role("button", name="Take it out").click()
    expect(slider).to_have_count(0)
    expect(here).to_have_attribute("src", before)


def test_an_attribute_is_learnt_from_classes_of_the_training_data(visit):
    page = visit("#/steer/vae")
    page.get_by_role("combobox", name="Has it", exact=True).select_option("3")
    page.get_by_role("button", name="Learn").last.click()
    slider = page.get_by_role("slider", name="3, not 1")
    expect(slider).to_be_visible()
    here = page.get_by_role("img", name="Sample 0.0, steered")
    before = here.get_attribute("src") or ""
    slider.fill("3")
    new_picture(here, before)


def test_the_class_is_kept_while_steering(visit):
    page = visit("#/steer/cgan")
    page.get_by_role("combobox", name="Class").select_option("3")
    expect(wall(page).first.get_by_role("img")).to_have_attribute("alt", "Sample 0.0.3")
    wall(page).first.click()
    here = page.get_by_role("img", name="Sample 0.0.3, steered")
    expect(here).to_have_attribute("src", pictures(wall(page))[0])


def test_a_keyboard_takes_samples_out_one_after_the_other(page):
    press_as(page, "puts it in A", 1, 2)
    tray(page, "A").get_by_role("button").first.focus()
    page.keyboard.press("Enter")
    expect(tray(page, "A").get_by_role("button")).to_be_focused()
    page.keyboard.press("Enter")
    expect(tray(page, "A").get_by_role("button")).to_have_count(0)
