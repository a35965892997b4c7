"""What tests read off a page."""

from __future__ import annotations

import base64
import io
import re
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Locator, Page


def wall(page: Page) -> Locator:
    """The samples to press."""
    return page.get_by_role("group", name="Samples").get_by_role("button")


def pictures(place: Locator) -> list[str]:
    """The sources of the pictures in each of the elements."""
    return place.get_by_role("img").evaluate_all("all => all.map(each => each.src)")


def pixels(source: str) -> np.ndarray:
    """(H, W) or (H, W, C) grey levels of a picture that stands in its own address."""
    return np.asarray(Image.open(io.BytesIO(base64.b64decode(source.partition("base64,")[2]))))


def new_picture(image: Locator, before: str) -> str:
    """The source of a picture once it is another one than `before`."""
    expect(image).not_to_have_attribute("src", before)
    return image.get_attribute("src") or ""


def forgive_refusals(complaints: list[str]) -> None:
    """Take out what a browser notes of every request that is answered by "you cannot": the page says it in words."""
    noted = re.compile(r"Failed to load resource: the server responded with a status of 4\d\d")
    complaints[:] = [each for each in complaints if not noted.match(each)]


def drawn(canvas: Locator) -> str:
    """What stands on a canvas, once anything does."""
    inked = """canvas => {
        const blank = Object.assign(document.createElement("canvas"), { width: canvas.width, height: canvas.height });
        return canvas.toDataURL() !== blank.toDataURL();
    }"""
    canvas.page.wait_for_function(inked, arg=canvas.element_handle())
    return canvas.evaluate("canvas => canvas.toDataURL()")


def redrawn(canvas: Locator, before: str) -> str:
    """The same, once it is another drawing than `before`."""
    other = "([canvas, before]) => canvas.toDataURL() !== before"
    canvas.page.wait_for_function(other, arg=[canvas.element_handle(), before])
    return canvas.evaluate("canvas => canvas.toDataURL()")
