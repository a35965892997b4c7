"""What the documentation tells a newcomer to do works."""

from __future__ import annotations

import importlib.util
import re
import sys
from pathlib import Path

import pytest

import saddlepoint
from saddlepoint import catalogue
from saddlepoint.claims import PROTOCOLS

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


@pytest.mark.parametrize("page", PAGES, ids=lambda p: str(p.relative_to(ROOT)))
def test_links_and_pictures_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if "://" not in target:
            assert (page.parent / target).exists(), f"{page.name}: {target}"


def test_every_recipe_has_its_page_with_a_picture():
    for name in {catalogue.info(n).recipe for n in catalogue.names()}:
        page = ROOT / "docs" / "recipes" / f"{name}.md"
        assert page.exists(), f"docs/recipes/{name}.md"
        assert "![" in page.read_text(), f"{page.name} shows no samples"


def test_the_recipe_in_add_a_recipe_works_and_is_short(tmp_path, monkeypatch):
    page = (ROOT / "docs" / "add_a_recipe.md").read_text()
    source = re.search(r"```python\n(.*?)```", page, re.DOTALL).group(1)
    assert len(source.splitlines()) < 60
    monkeypatch.setattr(catalogue, "_registered", {**catalogue._registered})
    monkeypatch.setattr(catalogue, "_classes", {**catalogue._classes})
    (tmp_path / "my_lsgan.py").write_text(source)
    spec = importlib.util.spec_from_file_location("my_lsgan", tmp_path / "my_lsgan.py")
    module = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "my_lsgan", module)  # field docstrings are read from the module's source
    spec.loader.exec_module(module)
    assert saddlepoint.info("my_lsgan").summary.startswith("The GAN game with squared errors")
    run = saddlepoint.train(
        "my_lsgan", "digits", out=tmp_path / "run", steps=3, width=8, batch=8, device="cpu", track="none"
    )
    assert run.model().sample(2).shape == (2, 1, 8, 8)


def test_commands_in_the_docs_name_real_recipes():
    known = {*catalogue.names(), *PROTOCOLS, "my_lsgan", "NAME"}
    for page in PAGES:
        for name in re.findall(r"saddle (?:train|info|cite|reproduce) (\w+)", page.read_text()):
            assert name in known, f"{page.name}: saddle train {name}"
