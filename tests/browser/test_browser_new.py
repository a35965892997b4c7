"""New run: the form, a training watched to its end, one killed from outside and resumed."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from looks import forgive_refusals
from playwright.sync_api import expect
from serving import explorer

if TYPE_CHECKING:
    from playwright.sync_api import Page

SMALL = {"g_widths": "[8]", "d_widths": "[8]", "log_every": "5", "checkpoint_every": "50"}


@pytest.fixture
def workshop(tmp_path: Path, cache: Path) -> Iterator[str]:
    """The address of an explorer of an empty folder, `tmp_path`, whose trainings end with the test."""
    with explorer(tmp_path, cache) as address:
        yield address
    for record in (tmp_path / ".explore").glob("*.json"):
        try:
            os.kill(json.loads(record.read_text())["pid"], signal.SIGKILL)
        except ProcessLookupError:
            continue


def ask(page: Page, name: str, steps: int) -> None:
    """Fill the form for a small gan and send it."""
    page.get_by_role("combobox", name="Recipe").select_option("gan")
    for key, value in SMALL.items():
        page.get_by_role("textbox", name=key).or_(page.get_by_role("spinbutton", name=key)).fill(value)
    page.get_by_role("combobox", name="precision").select_option("fp32")
    page.get_by_role("combobox", name="track").select_option("none")
    page.get_by_role("textbox", name="Name of the run").fill(name)
    page.get_by_role("combobox", name="Unit").select_option("steps")
    page.get_by_role("spinbutton", name="Train for").fill(str(steps))
    page.get_by_role("button", name="Start training").click()


def test_a_training_is_started_and_watched_to_its_end(workshop, visit, tmp_path):
    page = visit(at=workshop)
    page.get_by_role("link", name="Start one").click()
    ask(page, "first", 60)
    expect(page.get_by_role("heading", name="first")).to_be_visible()
    expect(page.locator(".state")).to_have_text("finished")
    expect(page.get_by_role("img", name="Samples of first after 3,840 images")).to_be_visible()
    expect(page.get_by_role("img", name="loss: now")).to_be_visible()
    assert json.loads((tmp_path / "first" / "run.json").read_text())["config"]["recipe"]["g_widths"] == [8]
    page.get_by_role("link", name="Generate").last.click()
    expect(page.get_by_role("img", name="Sample 0.0")).to_be_visible()
    page.get_by_role("navigation").get_by_role("link", name="Runs").click()
    expect(page.get_by_role("listitem")).to_contain_text("3,840 images, 100% of 60 steps")


def test_a_training_killed_from_outside_is_said_resumed_and_stopped(workshop, visit, tmp_path):
    page = visit("#/new/gan", at=workshop)
    ask(page, "second", 1_000_000)
    expect(page.locator(".state")).to_have_text("training")
    expect(page.get_by_role("link", name="Judge").last).to_be_visible()  # so there is a checkpoint
    os.kill(json.loads((tmp_path / ".explore" / "second.json").read_text())["pid"], signal.SIGKILL)
    expect(page.locator(".state")).to_have_text("ended")
    expect(
        page.get_by_text("It was ended from outside, by SIGKILL: resume goes on from its checkpoint.")
    ).to_be_visible()
    reached = page.get_by_role("progressbar").get_attribute("aria-label") or ""
    page.get_by_role("button", name="Resume").click()
    expect(page.locator(".state")).to_have_text("training")
    expect(page.get_by_role("progressbar")).not_to_have_attribute("aria-label", reached)
    page.get_by_role("button", name="Stop").click()
    expect(page.locator(".state")).to_have_text("stopped")
    expect(page.get_by_text("It was stopped from this page: resume goes on")).to_be_visible()
    expect(page.get_by_role("button", name="Resume")).to_be_enabled()


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("g_widths", "[8", "g_widths: [8 cannot be read; write it like [1200,1200]."),
        ("g_widths", "[0]", "g_widths"),
        ("Name of the run", "../escape", "cannot name a run"),
        ("Name of the run", "dcgan", "There is already a 'dcgan' here: take another name."),
    ],
)
def test_a_wrong_value_is_said_in_words(visit, complaints, runs, name, value, sentence):
    page = visit("#/new/gan")
    page.get_by_role("textbox", name=name).fill(value)
    page.get_by_role("button", name="Start training").click()
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.get_by_role("textbox", name=name)).to_have_value(value)
    assert {path.name for path in runs.iterdir()} == {"dcgan", "cgan", "vae", "ring"}
    forgive_refusals(complaints)


def test_a_number_out_of_range_is_held_back_by_the_browser(visit):
    page = visit("#/new/gan")
    batch = page.get_by_role("spinbutton", name="batch", exact=False).first
    batch.fill("-1")
    page.get_by_role("button", name="Start training").click()
    assert "greater than or equal to 1" in batch.evaluate("input => input.validationMessage")
    expect(batch).to_be_focused()


def test_every_recipe_has_a_form(visit):
    page = visit("#/new")
    picker = page.get_by_role("combobox", name="Recipe")
    names = picker.locator("option").evaluate_all("all => all.map(each => each.value)")
    for name in names[:: max(1, len(names) // 6)]:
        picker.select_option(name)
        expect(page.get_by_role("textbox", name="Name of the run")).to_have_value(
            name if name != "dcgan" else "dcgan-2"
        )
        expect(page.get_by_role("group", name="Recipe options")).to_be_visible()
