"""Invert: a picture of the visitor's, what the model makes of it, and what it can have seen of it."""

from __future__ import annotations

import re

import numpy as np
import pytest
from looks import forgive_refusals, new_picture, pictures, pixels
from playwright.sync_api import expect

from saddlepoint.config import DataConfig
from saddlepoint.data.load import load
from saddlepoint.pictures import png, to_image, to_pixels


@pytest.fixture(scope="module")
def digit():
    """A training image, uint8 (8, 8, 1)."""
    return to_pixels(load("digits", DataConfig()).train.x(np.array([5])))[0]


@pytest.fixture
def upload(tmp_path):
    """`upload(page, name, content)`: choose a file as a visitor does."""

    def choose(page, name, content):
        (tmp_path / name).write_bytes(content)
        page.get_by_label("Choose a picture").set_input_files(tmp_path / name)

    return choose


@pytest.mark.parametrize(("run", "by"), [("vae", "By the encoder, and 30 steps"), ("dcgan", "By 30 steps of descent")])
def test_a_picture_is_found_again_and_edited(visit, upload, digit, run, by):
    page = visit(f"#/invert/{run}")
    page.get_by_role("combobox", name="Steps").select_option("30")
    upload(page, "five.png", png(to_image(digit)))
    expect(page.get_by_role("status").filter(has_text=by)).to_contain_text("mean squared error")
    yours = page.get_by_role("img", name="Your picture, as the model sees it")
    assert np.array_equal(pixels(yours.get_attribute("src") or ""), digit[..., 0])
    here = page.get_by_role("img", name="What the model makes of your picture")
    expect(here).to_have_attribute("src", re.compile("^data:"))
    found = here.get_attribute("src") or ""
    page.get_by_role("slider", name="Direction 1").fill("2")
    new_picture(here, found)
    page.get_by_role("button", name="Reset").click()
    expect(here).to_have_attribute("src", found)


def test_another_method_looks_anew(visit, upload, digit):
    page = visit("#/invert/vae")
    page.get_by_role("combobox", name="Look by").select_option("encoder")
    upload(page, "five.png", png(to_image(digit)))
    expect(page.get_by_text("By the encoder alone: ")).to_be_visible()
    page.get_by_role("combobox", name="Steps").select_option("30")
    page.get_by_role("combobox", name="Look by").select_option("optimise")
    expect(page.get_by_text("By 30 steps of descent from the nearest of 8 samples: ")).to_be_visible()


def test_its_nearest_training_images_stand_beside_it(visit, upload, digit):
    page = visit("#/invert/vae")
    page.get_by_role("combobox", name="Look by").select_option("encoder")
    upload(page, "five.png", png(to_image(digit)))
    nearest = page.locator("figure").filter(has_text="Of yours, in pixels")
    expect(nearest.get_by_role("img")).to_have_count(4)
    assert np.array_equal(pixels(pictures(nearest)[0]), digit[..., 0])  # it was among them
    expect(page.get_by_text(re.compile(r"Among [\d,]+ of [\d,]+ training images"))).to_be_visible()


def test_a_class_goes_with_a_picture_of_a_conditional_model(visit, upload, digit):
    page = visit("#/invert/cgan")
    page.get_by_role("combobox", name="Steps").select_option("30")
    page.get_by_role("combobox", name="Class").select_option("5")
    upload(page, "five.png", png(to_image(digit)))
    expect(page.get_by_text("By 30 steps of descent")).to_be_visible()


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("notes.txt", b"no picture", "This picture cannot be read: "),
        ("cut.png", b"\x89PNG\r\n\x1a\n" + bytes(40), "This picture cannot be read: "),
        ("huge.png", bytes(17 * 2**20), "huge.png has 17 MiB: a picture may have 16."),
    ],
    ids=["text", "cut short", "too large"],
)
def test_a_bad_file_is_said_and_a_good_one_taken_after_it(visit, upload, complaints, digit, name, content, sentence):
    page = visit("#/invert/vae")
    page.get_by_role("combobox", name="Look by").select_option("encoder")
    upload(page, name, content)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.get_by_role("img", name="Your picture, as the model sees it")).to_be_hidden()
    upload(page, "five.png", png(to_image(digit)))
    expect(page.get_by_role("img", name="Your picture, as the model sees it")).to_be_visible()
    expect(page.get_by_role("alert")).to_be_hidden()
    forgive_refusals(complaints)
