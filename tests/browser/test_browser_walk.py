"""Walk: pick stops, slide, play."""

from __future__ import annotations

import re

from looks import new_picture, pictures, wall
from playwright.sync_api import expect


def test_a_walk_goes_from_the_first_stop_to_the_last(visit):
    page = visit("#/walk/dcgan")
    expect(wall(page)).to_have_count(24)
    slide, here = page.get_by_role("slider", name="Where on the way"), page.get_by_role("img", name="The sample here")
    expect(slide).to_be_hidden()
    shown = pictures(wall(page))
    wall(page).nth(3).click()
    wall(page).nth(8).click()
    expect(slide).to_be_enabled()
    expect(here).to_have_attribute("src", shown[3])
    slide.fill("0.5")
    half = new_picture(here, shown[3])
    slide.fill("1")
    expect(here).to_have_attribute("src", shown[8])
    slide.focus()
    page.keyboard.press("Home")
    expect(here).to_have_attribute("src", shown[3])
    page.keyboard.press("ArrowRight")
    assert new_picture(here, shown[3]) != half

    wall(page).nth(0).click()
    expect(slide).to_have_attribute("max", "2")
    slide.fill("2")
    expect(here).to_have_attribute("src", shown[0])
    page.get_by_role("button", name="Stop 3: sample 0.0").click()
    expect(slide).to_have_attribute("max", "1")


def test_the_way_can_be_straight(visit):
    page = visit("#/walk/vae")
    here = page.get_by_role("img", name="The sample here")
    wall(page).nth(0).click()
    wall(page).nth(1).click()
    expect(here).to_have_attribute("src", re.compile("^data:"))
    start = here.get_attribute("src") or ""
    page.get_by_role("slider").fill("0.5")
    sphere = new_picture(here, start)
    page.get_by_role("combobox", name="Way").select_option("straight")
    straight = new_picture(here, sphere)
    page.get_by_role("combobox", name="Way").select_option("on the sphere")
    assert new_picture(here, straight) == sphere


def test_a_walk_plays_until_paused(visit):
    page = visit("#/walk/dcgan")
    wall(page).nth(0).click()
    wall(page).nth(1).click()
    here = page.get_by_role("img", name="The sample here")
    expect(here).to_have_attribute("src", re.compile("^data:"))
    page.get_by_role("button", name="Play").click()
    for _ in range(3):
        new_picture(here, here.get_attribute("src") or "")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Play")).to_be_visible()
