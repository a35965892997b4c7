"""`saddle data cache`."""

from __future__ import annotations

import json
import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.data.load import load


@pytest.fixture(scope="session")
def cache(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("own")


@pytest.fixture(autouse=True)
def filled(cache, tmp_path):
    """Two sets: `old`, last used 40 days ago, and `new`; and what a killed process left."""
    shutil.rmtree(cache / "data", ignore_errors=True)
    for number, name in enumerate(("old", "new")):
        np.save(tmp_path / f"{name}.npy", np.full((20, 4, 6, 3), number, np.uint8))
        load(tmp_path / f"{name}.npy", cache=cache)
        if name == "old":
            for note in (cache / "data" / "seen").iterdir():
                os.utime(note, (time.time() - 40 * 24 * 3600,) * 2)
    left = cache / "data" / "sets" / ".part-0123456789abcdef-left"
    left.mkdir()
    (left / "rows.npy").write_bytes(b"x" * 5000)


def sets(cache: Path) -> int:
    return len(list((cache / "data" / "sets").glob("[!.]*")))


def test_it_lists_what_is_there(saddle, cache, tmp_path):
    (tmp_path / "old.npy").unlink()
    result = saddle("data", "cache")
    new, old, left, total = result.out.splitlines()
    assert "20 of 4x6x3" in new
    assert str(tmp_path / "new.npy") in new
    assert "gone" not in new
    assert str(tmp_path / "old.npy") in old
    assert "source gone" in old
    assert "left by a process" in left
    assert str(cache / "data") in total
    assert "3 listed" in total
    facts = json.loads(saddle("data", "cache", "--json").out)
    assert [each["shape"] for each in facts["sets"]] == [[20, 4, 6, 3]] * 2
    assert [each["exists"] for each in facts["sets"]] == [True, False]
    assert facts["sets"][0]["examples"] == 20
    assert facts["sets"][0]["bytes"] > 20 * 4 * 6 * 3
    assert len(facts["unfinished"]) == 1
    assert sets(cache) == 2  # nothing is removed unasked


def test_clean_removes_everything(saddle, cache):
    result = saddle("data", "cache", "--clean")
    assert "Removed 3" in result.out
    assert list((cache / "data" / "sets").iterdir()) == []
    assert list((cache / "data" / "seen").iterdir()) == []
    assert "0 listed" in saddle("data", "cache").out


def test_clean_of_what_is_unused(saddle, cache, tmp_path):
    assert "1 listed" in saddle("data", "cache", "--unused", 30).out
    assert json.loads(saddle("data", "cache", "--unused", 30, "--clean", "--json").out)["removed"]
    (left,) = json.loads(saddle("data", "cache", "--json").out)["sets"]
    assert left["sources"] == [str(tmp_path / "new.npy")]
    assert "0 listed" in saddle("data", "cache", "--unused", 30, "--clean").out


@pytest.mark.parametrize("by", ["path", "relative", "fingerprint"])
def test_clean_of_one(by, saddle, cache, tmp_path):
    fingerprint = load(tmp_path / "new.npy", cache=cache).fingerprint
    name = {"path": tmp_path / "new.npy", "relative": "new.npy", "fingerprint": fingerprint[:8]}[by]
    assert "Removed 1" in saddle("data", "cache", name, "--clean").out
    assert sets(cache) == 1
    assert not (cache / "data" / "sets" / fingerprint).exists()
    assert load(tmp_path / "new.npy", cache=cache).fingerprint == fingerprint


def test_a_set_in_use_stays(saddle, cache, tmp_path):
    data = load(tmp_path / "new.npy", cache=cache)
    result = saddle("data", "cache", "--clean")
    assert "in use" in result.out
    assert "1 in use stay" in result.out
    assert (data.train.rows == 1).all()
    assert sets(cache) == 1
    del data
    saddle("data", "cache", "--clean")
    assert sets(cache) == 0


def test_a_damaged_set_is_listed_and_cleaned(saddle, cache, tmp_path):
    fingerprint = load(tmp_path / "new.npy", cache=cache).fingerprint
    (cache / "data" / "sets" / fingerprint / "meta.json").write_text("{")
    assert "damaged" in saddle("data", "cache").out
    saddle("data", "cache", "new.npy", "--clean")
    assert sets(cache) == 1


def test_a_folder_named_cache_is_a_source_of_inspect(saddle, tmp_path):
    (tmp_path / "cache").mkdir()
    shutil.copy(tmp_path / "new.npy", tmp_path / "cache.npy")
    result = saddle("data", "inspect", "cache")
    assert result.status == 2
    assert "holds no images" in result.err


@pytest.mark.parametrize(
    ("arguments", "named"),
    [(["nowhere"], "nowhere"), (["--unused", "-1"], "--unused"), (["--unused", "soon"], "soon"), (["--all"], "--all")],
)
def test_mistakes(arguments, named, saddle, cache):
    result = saddle("data", "cache", *arguments, "--clean")
    assert result.status == 2
    assert named in result.err
    assert len(result.err.splitlines()) == 1
    assert sets(cache) == 2
