"""Generate: walls by seed, favourites, downloads."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from looks import pictures, pixels, wall
from PIL import Image
from playwright.sync_api import expect

import saddlepoint
from saddlepoint.pictures import to_pixels


def test_the_wall_shows_what_the_model_draws_from_the_seed(visit, runs):
    page = visit("#/generate/dcgan")
    expect(wall(page)).to_have_count(24)
    first = pictures(wall(page))
    page.get_by_role("button", name="Next seed").click()
    expect(wall(page).first.get_by_role("img")).to_have_attribute("alt", "Sample 1.0")
    page.get_by_role("spinbutton", name="Seed").fill("7")
    expect(wall(page).first.get_by_role("img")).to_have_attribute("alt", "Sample 7.0")
    seventh = np.stack([pixels(source) for source in pictures(wall(page))]).astype(int)
    told = to_pixels(saddlepoint.load(runs / "dcgan").sample(24, seed=7)).astype(int)
    assert np.abs(seventh - told.reshape(seventh.shape)).max() <= 1
    page.get_by_role("spinbutton", name="Seed").fill("0")
    expect(wall(page).first.get_by_role("img")).to_have_attribute("src", first[0])
    assert pictures(wall(page)) == first


def test_truncation_brings_samples_nearer_the_middle_and_weights_and_count_are_the_visitors(visit):
    page = visit("#/generate/vae")
    expect(wall(page)).to_have_count(24)

    def spread() -> float:
        return float(np.stack([pixels(source).astype(float) for source in pictures(wall(page))]).std(0).mean())

    before, wide = pictures(wall(page))[0], spread()
    page.get_by_role("slider", name="Truncation").fill("0")
    expect(wall(page).first.get_by_role("img")).not_to_have_attribute("src", before)
    expect(page.get_by_text("Truncation: 0", exact=True)).to_be_visible()
    assert spread() < 0.1 * wide
    page.get_by_role("combobox", name="Samples").select_option("12")
    expect(wall(page)).to_have_count(12)
    middle = pictures(wall(page))[0]
    page.get_by_role("combobox", name="Weights").select_option("raw")
    expect(wall(page).first.get_by_role("img")).not_to_have_attribute("src", middle)


def test_a_class_is_chosen(visit):
    page = visit("#/generate/cgan")
    expect(wall(page)).to_have_count(24)
    assert wall(page).all_inner_texts()[:11] == [*map(str, range(10)), "0"]
    page.get_by_role("combobox", name="Class").select_option("3")
    expect(wall(page).first).to_have_text("3")
    assert set(wall(page).all_inner_texts()) == {"3"}


def test_points_are_one_picture(visit):
    page = visit("#/generate/ring")
    expect(page.get_by_role("img", name="Density of the samples")).to_be_visible()
    expect(page.get_by_role("slider")).to_have_count(0)


@pytest.mark.parametrize("hand", ["mouse", "keyboard"])
def test_favourites_are_kept_and_downloaded(visit, runs, hand, tmp_path):
    page = visit("#/generate/dcgan")
    expect(wall(page)).to_have_count(24)
    shown = pictures(wall(page))
    for i in (2, 5):
        if hand == "mouse":
            wall(page).nth(i).click()
        else:
            wall(page).nth(i).focus()
            page.keyboard.press("Space" if i == 2 else "Enter")
        expect(wall(page).nth(i)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("heading", name="Favourites (2)")).to_be_visible()
    tray = page.locator("section").filter(has=page.get_by_role("heading", name="Favourites"))
    assert pictures(tray) == [shown[2], shown[5]]

    with page.expect_download() as download:
        page.get_by_role("link", name="Latents (.npy)").click()
    download.value.save_as(tmp_path / "latents.npy")
    z = np.load(tmp_path / "latents.npy", allow_pickle=False)
    model = saddlepoint.load(runs / "dcgan")
    with torch.no_grad():
        drawn = to_pixels(model.generate(torch.from_numpy(z)).float()).astype(int)
    kept = np.stack([pixels(shown[i]) for i in (2, 5)]).astype(int)
    assert np.abs(drawn.reshape(kept.shape) - kept).max() <= 1

    with page.expect_download() as download:
        tray.get_by_role("link", name="Grid (.png)").click()
    download.value.save_as(tmp_path / "grid.png")
    assert download.value.suggested_filename == "dcgan.png"
    with Image.open(tmp_path / "grid.png") as grid:
        first, second = np.split(np.asarray(grid)[:, [*range(96), *range(98, 194)]], 2, axis=1)
    assert np.array_equal(first, pixels(shown[2]).repeat(12, 0).repeat(12, 1))  # 8 pixels, enlarged to 96
    assert np.array_equal(second, pixels(shown[5]).repeat(12, 0).repeat(12, 1))

    tray.get_by_role("button", name="Clear").click()
    expect(tray).to_be_hidden()
    expect(page.locator("[aria-pressed=true]")).to_have_count(0)


def test_favourites_outlive_the_seed_and_go_when_pressed_again(visit):
    page = visit("#/generate/dcgan")
    wall(page).nth(1).click()
    page.get_by_role("button", name="Next seed").click()
    expect(wall(page).first.get_by_role("img")).to_have_attribute("alt", "Sample 1.0")
    wall(page).nth(0).click()
    expect(page.get_by_role("heading", name="Favourites (2)")).to_be_visible()
    tray = page.locator("section").filter(has=page.get_by_role("heading", name="Favourites"))
    assert tray.get_by_role("img").evaluate_all("all => all.map(each => each.alt)") == ["Sample 0.1", "Sample 1.0"]
    tray.get_by_role("button", name="Sample 0.1").click()
    expect(page.get_by_role("heading", name="Favourites (1)")).to_be_visible()


def test_visitors_do_not_share_what_they_look_at(visit):
    ann, bob = visit("#/generate/dcgan"), visit("#/generate/dcgan")
    expect(wall(ann)).to_have_count(24)
    expect(wall(bob)).to_have_count(24)
    at_first = pictures(wall(bob))
    assert pictures(wall(ann)) == at_first
    ann.get_by_role("spinbutton", name="Seed").fill("5")
    bob.get_by_role("spinbutton", name="Seed").fill("6")
    expect(wall(ann).first.get_by_role("img")).to_have_attribute("alt", "Sample 5.0")
    expect(wall(bob).first.get_by_role("img")).to_have_attribute("alt", "Sample 6.0")
    wall(ann).first.click()
    assert len({json.dumps(pictures(wall(page))) for page in (ann, bob)} | {json.dumps(at_first)}) == 3
    expect(ann.get_by_role("heading", name="Favourites (1)")).to_be_visible()
    expect(bob.get_by_role("heading", name="Favourites")).to_be_hidden()
    bob.reload()
    expect(wall(bob)).to_have_count(24)
    assert pictures(wall(bob)) == at_first
