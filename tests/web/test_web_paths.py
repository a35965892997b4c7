"""Nothing outside the runs folder can be named."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest

from saddlepoint.errors import UserError
from saddlepoint.web import paths

OUTSIDE = [
    "..",
    ".",
    "",
    "../secret",
    "/etc/passwd",
    "a/../../secret",
    "a\\..\\secret",
    ".hidden",
    "a\0",
    "%2e%2e",
    "~",
]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "runs" / "a" / "samples").mkdir(parents=True)
    (tmp_path / "runs" / "a" / "run.json").write_text("{}")
    (tmp_path / "runs" / "a" / "samples" / "1.png").write_bytes(b"picture")
    (tmp_path / "runs" / ".hidden").mkdir()
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "run.json").write_text("{}")
    (tmp_path / "secret" / "1.png").write_bytes(b"secret")
    return tmp_path / "runs"


def test_what_is_inside_is_found(root):
    assert paths.run(root, "a") == root / "a"
    assert paths.existing(root, "a", "samples", "1.png").read_bytes() == b"picture"


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_name_leads_outside(root, name):
    with pytest.raises(paths.NotThereError):
        paths.run(root, name)
    with pytest.raises(paths.NotThereError):
        paths.existing(root, "a", "samples", name)
    with pytest.raises(UserError):
        paths.new(root, name)


def test_links_that_lead_outside_are_not_followed(root):
    (root / "linked").symlink_to(root.parent / "secret")
    (root / "a" / "samples" / "2.png").symlink_to(root.parent / "secret" / "1.png")
    with pytest.raises(paths.NotThereError):
        paths.run(root, "linked")
    with pytest.raises(paths.NotThereError):
        paths.existing(root, "a", "samples", "2.png")
    with pytest.raises(paths.NotThereError, match="holds a link"):
        paths.run(root, "a")
    (root / "b").symlink_to(root / "a")
    (root / "a" / "samples" / "2.png").unlink()
    assert paths.run(root, "b").resolve() == root / "a"


def test_a_new_run_takes_no_name_that_is_taken(root):
    assert paths.new(root, "b-2.x") == root / "b-2.x"
    (root / "dangling").symlink_to(root.parent / "nowhere")
    for taken in ("a", "dangling"):
        with pytest.raises(UserError, match="already"):
            paths.new(root, taken)


@pytest.mark.parametrize("name", OUTSIDE)
def test_no_address_leads_outside(root, visit, name):
    """However encoded: a server decodes once, so what is encoded twice arrives encoded."""
    ask = visit(root)
    for encoded in (quote(name, safe=""), quote(quote(name, safe=""), safe="")):
        for path in (
            f"/api/runs/{encoded}/samples/1.png",
            f"/api/runs/{encoded}/generate",
            f"/api/runs/a/samples/{encoded}",
            f"/static/{encoded}",
        ):
            answer = ask("GET", path)
            assert answer.status_code in (307, 404) or name == "..", path  # which httpx takes out, as browsers do
            assert answer.content != b"secret"
