"""The explorer in a real browser, on a real server: `make test-web`. One file a page.

Whatever a test is about, it fails if the browser complained meanwhile or asked another host for anything; and a test
that fails says what stood on its pages.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from chromium import NONE, find
from serving import explorer

from saddlepoint.cli.main import main

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

collect_ignore_glob = [] if all(map(importlib.util.find_spec, ("fastapi", "playwright", "uvicorn"))) else ["test_*.py"]

PATIENCE = 45_000  # milliseconds: machines are busy, and a condition that holds is not waited for
PAGES = pytest.StashKey[list[Any]]()
SMALL = ["track=none", "precision=fp32", "log_every=10", "sample_every=20"]
RUNS = {
    "dcgan": ["dcgan", "--data", "digits", "width=8"],
    "cgan": ["cgan", "--data", "digits", "g_widths=[16,32,32]", "d_widths=[16,8,16]"],
    "vae": ["vae", "--data", "digits", "channels=8", "hidden=32"],
    "ring": ["gan", "--data", "ring", "g_widths=[16,16]", "d_widths=[16]"],
}
Open = Callable[..., "Page"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if item.path.is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.failed and report.when == "call":
        for page in item.stash.get(PAGES, []):
            report.sections.append((f"on the page {page.url}", page.locator("body").aria_snapshot()))
    return report


@pytest.fixture(scope="session")
def runs(tmp_path_factory: pytest.TempPathFactory, cache: Path) -> Path:
    """Four tiny runs, of which `dcgan` was measured too. Tests look at them and leave them as they are."""
    folder = tmp_path_factory.mktemp("runs")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SADDLE_CACHE", str(cache))
        for name, arguments in RUNS.items():
            assert main(["train", *arguments, *SMALL, "--steps", "40", "--out", str(folder / name)]) == 0
        assert main(["evaluate", str(folder / "dcgan"), "--metrics", "fd", "--features", "pixels"]) == 0
    return folder


@pytest.fixture(scope="session")
def address(runs: Path, cache: Path) -> Iterator[str]:
    """Where the explorer of `runs` answers."""
    with explorer(runs, cache) as found:
        yield found


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    from playwright.sync_api import expect, sync_playwright

    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        program = find(playwright.chromium.executable_path)
        if program is None:
            pytest.exit(NONE, returncode=1)
        nowhere = (
            "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"  # it calls home by itself
        )
        browser = playwright.chromium.launch(executable_path=program, args=[nowhere])
        yield browser
        browser.close()


@pytest.fixture
def complaints() -> Iterator[list[str]]:
    """What the browser complained of, and requests to other hosts: a test fails on what is left here at its end."""
    heard: list[str] = []
    yield heard
    assert heard == []


@pytest.fixture
def visit(browser: Browser, address: str, complaints: list[str], request: pytest.FixtureRequest) -> Iterator[Open]:
    """`visit("#/walk/dcgan")`: a visitor with a browser profile of their own, at a page of the explorer."""
    contexts: list[Any] = []
    pages = request.node.stash.setdefault(PAGES, [])

    def visitor(where: str = "", at: str = address, **options: Any) -> Page:
        contexts.append(browser.new_context(base_url=at, **options))
        contexts[-1].set_default_timeout(PATIENCE)
        pages.append(page := contexts[-1].new_page())
        page.on("console", lambda told: complaints.append(told.text) if told.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: None if _own(asked.url, at) else complaints.append(f"asked {asked.url}"))
        page.goto(f"/{where}")
        return page

    yield visitor
    for context in contexts:
        context.close()


def _own(url: str, address: str) -> bool:
    return url.startswith((address, "data:", "blob:"))
