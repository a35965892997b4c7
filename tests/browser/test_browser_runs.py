"""Runs: all of them, one, two beside each other."""

from __future__ import annotations

from playwright.sync_api import expect


def test_every_run_is_a_card_that_says_where_it_stands(visit):
    page = visit()
    cards = page.get_by_role("listitem")
    expect(cards).to_have_count(4)
    for name, about in {"dcgan": "dcgan on digits", "cgan": "cgan on digits", "ring": "gan on ring"}.items():
        card = cards.filter(has=page.get_by_role("link", name=name, exact=True))
        expect(card).to_contain_text("finished")
        expect(card).to_contain_text(about)
        expect(card).to_contain_text("2,560 images, 100% of 40 steps")
        newest = card.get_by_role("img", name=f"Newest samples of {name}")
        expect(newest).to_have_js_property("complete", True)
        assert newest.evaluate("image => image.naturalWidth") > 0


def test_a_run_has_its_samples_over_the_training_its_curves_and_its_config(visit):
    page = visit()
    page.get_by_role("link", name="dcgan", exact=True).click()
    expect(page.get_by_role("heading", name="dcgan")).to_be_visible()
    expect(page).to_have_title("dcgan · Saddlepoint")
    newest = page.get_by_role("img", name="Samples of dcgan after 2,560 images")
    expect(newest).to_be_visible()
    page.get_by_role("slider").fill("0")
    expect(page.get_by_role("img", name="Samples of dcgan after 1,280 images")).to_be_visible()
    curves = page.get_by_role("img", name="loss: now")
    expect(curves).to_be_visible()
    assert curves.locator("polyline").count() == 2
    expect(page.get_by_role("cell", name="learning_rate")).to_be_hidden()
    page.get_by_text("Config and environment").click()
    expect(page.get_by_role("row", name="width 8")).to_be_visible()
    page.get_by_role("link", name="Walk").last.click()
    expect(page.get_by_role("heading", name="Walk")).to_be_visible()
    assert page.url.endswith("#/walk/dcgan")


def test_two_runs_are_compared(visit):
    page = visit()
    compare = page.get_by_role("link", name="Compare the two")
    ticks = page.get_by_role("checkbox", name="compare")
    expect(ticks).to_have_count(4)
    ticks.nth(0).check()
    expect(compare).to_be_hidden()
    ticks.nth(1).check()
    names = page.get_by_role("listitem").get_by_role("heading").all_inner_texts()[:2]
    compare.click()
    for name in names:
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible()
    expect(page.get_by_role("img", name="loss: now")).to_have_count(2)
    page.go_back()
    expect(page.get_by_role("heading", name="Runs")).to_be_visible()


def test_a_run_that_is_not_there_is_said(visit, complaints):
    from looks import forgive_refusals

    page = visit("#/run/nowhere")
    expect(page.get_by_role("alert")).to_have_text("There is no 'nowhere' here.")
    page.get_by_role("navigation").get_by_role("link", name="Runs").click()
    expect(page.get_by_role("listitem")).to_have_count(4)
    expect(page.get_by_role("alert")).to_be_hidden()
    forgive_refusals(complaints)
