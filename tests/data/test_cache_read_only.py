"""A cache that nothing may be written in, as one that is shared by many users."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from saddlepoint.data.load import load
from saddlepoint.errors import UserError

NOBODY = 65534


@contextmanager
def read_only(folder: Path) -> Generator[None]:
    """Nobody may write in the folder; root, who always may, is somebody else meanwhile."""
    root = os.geteuid() == 0
    everything = [folder, *folder.rglob("*")]
    for path in everything:
        path.chmod(0o555 if path.is_dir() else 0o444)
    if root:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)
        for path in everything:
            path.chmod(0o755 if path.is_dir() else 0o644)


@pytest.fixture
def place() -> Generator[Path]:
    """Like tmp_path, but others may look into it."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def folder(place, picture) -> Path:
    (place / "set").mkdir()
    for i in range(12):
        (place / "set" / f"{i}.png").write_bytes(picture(i))
    return place / "set"


def test_it_will_do_with_the_note_of_what_was_seen(folder, place):
    before = load(folder, cache=place / "cache")
    with read_only(place / "cache"):
        assert load(folder, cache=place / "cache").notes == before.notes


def test_it_will_do_on_another_machine(folder, place):
    before = load(folder, cache=place / "cache")
    shutil.rmtree(place / "cache" / "data" / "seen")
    with read_only(place / "cache"):
        data = load(folder, cache=place / "cache")
    assert data.fingerprint == before.fingerprint
    assert (data.train.rows == before.train.rows).all()
    assert any("was read to find its set" in note for note in data.notes)


def test_it_will_not_do_for_what_it_does_not_hold(folder, place, picture):
    load(folder, cache=place / "cache")
    (folder / "new.png").write_bytes(picture(50))
    with read_only(place / "cache"), pytest.raises(UserError, match=r"cannot be written .*SADDLE_CACHE"):
        load(folder, cache=place / "cache")


def test_what_is_damaged_there_is_named(folder, place):
    fingerprint = load(folder, cache=place / "cache").fingerprint
    damaged = place / "cache" / "data" / "sets" / fingerprint
    (damaged / "meta.json").write_text("{")
    with read_only(place / "cache"), pytest.raises(UserError, match=f"{damaged} is damaged .*delete it"):
        load(folder, cache=place / "cache")
