"""Where a Chromium is. Run by itself, says it or how to get one: `python tests/browser/chromium.py`."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
NONE = (
    "There is no Chromium to test in: install one (Debian: apt-get install chromium; elsewhere: playwright install "
    "chromium), or name one by SADDLE_CHROMIUM."
)


def find(own: str) -> str | None:
    """The program to start: what SADDLE_CHROMIUM names, else one on the PATH, else Playwright's `own`."""
    if named := os.environ.get("SADDLE_CHROMIUM"):
        return shutil.which(named)
    installed = next(filter(None, map(shutil.which, NAMES)), None)
    return installed or (own if Path(own).exists() else None)


def main() -> str | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        found = find(playwright.chromium.executable_path)
    if found:
        print(found)
    return None if found else NONE


if __name__ == "__main__":
    sys.exit(main())
