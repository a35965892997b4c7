"""Lab: what follows a slider, and games that are trained while the visitor looks on."""

from __future__ import annotations

import re

import pytest
from looks import drawn, forgive_refusals, redrawn
from playwright.sync_api import expect

SMALL = "g_widths=[8] d_widths=[8]"


def test_orbits_are_drawn_for_the_rate_and_the_ways_that_are_chosen(visit):
    page = visit("#/lab")
    verdicts, plane = page.get_by_role("listitem"), page.get_by_role("img", name="Paths of both players over the field")
    expect(verdicts).to_have_count(3)
    for canvas in page.locator("canvas").all():
        drawn(canvas)
    before, said = drawn(plane), verdicts.first.inner_text()
    page.get_by_role("slider", name="Learning rate").fill("0.5")
    expect(verdicts.first).not_to_have_text(said)
    before = redrawn(plane, before)
    page.get_by_role("checkbox").and_(page.locator(":not(:checked)")).first.check()
    expect(verdicts).to_have_count(4)
    before = redrawn(plane, before)
    page.get_by_role("button", name="Play").click()
    redrawn(plane, before)
    expect(page.get_by_text(re.compile(r"Step \d+ of 200"))).to_be_visible()


def test_a_penalty_changes_how_the_dirac_gan_ends(visit, complaints):
    page = visit("#/lab")
    page.get_by_role("link", name="dirac").click()
    says, plane = page.get_by_role("status"), page.get_by_role("img", name="Path of both players over the field")
    expect(says).to_contain_text("nonsaturating, no penalty")
    path = drawn(plane)
    penalty = page.get_by_role("combobox", name="Penalty")
    penalty.select_option("r1")
    expect(says).to_contain_text("r1 of weight 1")
    redrawn(plane, path)
    page.get_by_role("slider", name="Weight").fill("2.5")
    expect(says).to_contain_text("r1 of weight 2.5")
    refused = page.get_by_role("combobox", name="Loss").locator("option").last.inner_text()
    page.get_by_role("combobox", name="Loss").select_option(refused)
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"\w+ .*\."))
    expect(plane).to_be_hidden()
    page.get_by_role("combobox", name="Loss").select_option("hinge")
    expect(says).to_contain_text("hinge")
    expect(page.get_by_role("alert")).to_be_hidden()
    forgive_refusals(complaints)


def test_gradients_follow_the_slider(visit):
    page = visit("#/lab/gradients")
    says, curves = page.get_by_role("status"), page.get_by_role("img", name="Size of both gradients")
    expect(says).to_contain_text("At D(G(z)) = 0.01")
    expect(says).to_contain_text("the non-saturating loss teaches 99 times as much")
    before = drawn(curves)
    page.get_by_role("slider").fill("0.99")
    expect(says).to_contain_text("At D(G(z)) = 0.99")
    redrawn(curves, before)


@pytest.mark.parametrize("data", ["8gaussians", "1d-mixture"])
def test_a_game_is_watched_to_its_end(visit, data):
    page = visit("#/lab/game")
    page.get_by_role("combobox", name="Data").select_option(data)
    page.get_by_role("textbox", name="Options").fill(SMALL)
    page.get_by_role("spinbutton", name="Steps").fill("100")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("status")).to_have_text("Trained to its end at step 100: slide back over what was seen.")
    canvas = page.get_by_role("img", name="Data, samples")
    last = drawn(canvas)
    page.get_by_role("slider").fill("0")
    redrawn(canvas, last)
    expect(page.get_by_text("Step 0", exact=True)).to_be_visible()
    expect(page.get_by_role("button", name="Train")).to_be_enabled()


def test_a_game_is_stopped_and_leaves_its_seat(visit):
    page, other = visit("#/lab/game"), visit("#/lab/game")
    for each in (page, other):
        each.get_by_role("textbox", name="Options").fill(SMALL)
    page.get_by_role("spinbutton", name="Steps").fill("5000")
    page.get_by_role("button", name="Train").click()
    drawn(page.get_by_role("img", name="Data, samples"))
    page.get_by_role("button", name="Stop").click()
    expect(page.get_by_role("status")).to_contain_text("Stopped at step")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("button", name="Stop")).to_be_visible()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Runs").click()
    other.get_by_role("spinbutton", name="Steps").fill("50")
    other.get_by_role("button", name="Train").click()
    expect(other.get_by_role("status")).to_contain_text("Trained to its end at step 50")


def test_what_cannot_be_played_is_said(visit, complaints):
    page = visit("#/lab/game")
    page.get_by_role("textbox", name="Options").fill("g_width=[8]")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("alert")).to_contain_text("There is no option 'g_width': did you mean g_widths?")
    page.get_by_role("textbox", name="Options").fill("d_widths=[4096]")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("alert")).to_contain_text("no number may be above 1,024")
    forgive_refusals(complaints)


def test_the_ring_is_learnt(visit):
    page = visit("#/lab/ring")
    page.get_by_role("spinbutton", name="Steps").fill("100")
    page.get_by_role("button", name="Train").click()
    expect(page.get_by_role("status")).to_contain_text("Trained to its end at step 100")
    for canvas in page.locator("canvas").all():
        drawn(canvas)
    expect(page.get_by_text("The formula: ")).to_be_visible()
    last = drawn(page.locator("canvas").last)
    page.get_by_role("slider").fill("0")
    redrawn(page.locator("canvas").last, last)
