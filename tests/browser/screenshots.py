"""The pictures of docs/explore.md, taken anew: docs/images/explore_<page>.png.

    python tests/browser/screenshots.py RUNS [--run NAME] [--judged NAME] [--picture FILE] [--out FOLDER] [PAGE ...]

RUNS: a folder of runs on data that may be shown. --run: the one to generate, walk and steer with; it has a latent and a
checkpoint. --judged: the one whose numbers are shown; by default the same. --picture: what to upload. Without PAGEs all
are taken, and invert only with a picture.
"""

from __future__ import annotations

import argparse
import io
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from chromium import NONE, find
from looks import drawn, new_picture, wall
from PIL import Image
from playwright.sync_api import expect, sync_playwright
from serving import explorer

if TYPE_CHECKING:
    from playwright.sync_api import Page

LARGEST = 150_000  # bytes of a picture
SIZE = {"width": 1100, "height": 760}


def runs(page: Page, run: str) -> None:
    page.goto("/#/runs")
    expect(page.get_by_role("img", name=f"Newest samples of {run}")).to_be_visible()


def generate(page: Page, run: str) -> None:
    page.goto(f"/#/generate/{run}")
    for i in (8, 18):
        wall(page).nth(i).click()
    expect(page.get_by_role("heading", name="Favourites (2)")).to_be_visible()


def walk(page: Page, run: str) -> None:
    page.goto(f"/#/walk/{run}")
    for i in (8, 18, 21):
        wall(page).nth(i).click()
    here = page.get_by_role("img", name="The sample here")
    expect(here).to_have_attribute("src", wall(page).nth(8).get_by_role("img").get_attribute("src") or "")
    before = here.get_attribute("src") or ""
    page.get_by_role("slider").fill("0.5")
    new_picture(here, before)


def steer(page: Page, run: str) -> None:
    page.goto(f"/#/steer/{run}")
    here = page.get_by_role("img", name="steered")
    expect(here).to_have_attribute("src", wall(page).first.get_by_role("img").get_attribute("src") or "")
    before = here.get_attribute("src") or ""
    page.get_by_role("slider", name="Direction 1").fill("2")
    new_picture(here, before)


def invert(page: Page, run: str, picture: Path) -> None:
    page.goto(f"/#/invert/{run}")
    page.get_by_label("Choose a picture").set_input_files(picture)
    expect(page.get_by_text(re.compile(r"Among [\d,]+ of"))).to_be_visible()


def judge(page: Page, run: str) -> None:
    page.goto(f"/#/judge/{run}")
    expect(page.get_by_role("checkbox").first).to_be_visible()


def new(page: Page, run: str) -> None:
    page.goto("/#/new/dcgan")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()


def lab(page: Page, run: str) -> None:
    page.goto("/#/lab/orbit")
    for canvas in page.locator("canvas").all():
        drawn(canvas)
    expect(page.get_by_role("listitem")).to_have_count(3)


PAGES = {page.__name__: page for page in (runs, generate, walk, steer, judge, new, lab)}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("runs", type=Path)
    parser.add_argument("pages", nargs="*", help=f"of {', '.join(PAGES)}")
    parser.add_argument("--run")
    parser.add_argument("--judged")
    parser.add_argument("--picture", type=Path)
    parser.add_argument("--out", type=Path, default=Path(__file__).parents[2] / "docs" / "images")
    asked = parser.parse_args()
    expect.set_options(timeout=60_000)
    run = asked.run or min(path.parent.name for path in asked.runs.glob("*/run.json"))
    with (
        tempfile.TemporaryDirectory() as cache,
        explorer(asked.runs, Path(cache)) as address,
        sync_playwright() as player,
    ):
        program = find(player.chromium.executable_path)
        if program is None:
            parser.error(NONE)
        browser = player.chromium.launch(executable_path=program)
        for name in asked.pages or [*PAGES, *(["invert"] if asked.picture else [])]:
            page = browser.new_context(base_url=address, viewport=SIZE, color_scheme="light").new_page()
            if name == "invert":
                invert(page, run, asked.picture)
            else:
                PAGES[name](page, (asked.judged or run) if name == "judge" else run)
            page.evaluate("scrollTo(0, 0); document.activeElement.blur()")
            page.mouse.move(0, 0)
            page.wait_for_load_state("networkidle")
            content = small(page.screenshot(type="png"))
            (asked.out / f"explore_{name}.png").write_bytes(content)
            print(f"{asked.out / f'explore_{name}.png'}: {len(content) / 1000:.0f} kB")
            page.close()
        browser.close()


def small(picture: bytes) -> bytes:
    """The same in as many colours as fit."""
    for colours in (256, 128, 64, 32):
        buffer = io.BytesIO()
        Image.open(io.BytesIO(picture)).convert("RGB").quantize(colours).save(buffer, "PNG", optimize=True)
        if buffer.tell() <= LARGEST:
            return buffer.getvalue()
    raise SystemExit(f"A picture of {buffer.tell()} bytes is too large for the docs.")


if __name__ == "__main__":
    main()
