import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.config import DataConfig
from saddlepoint.data import ingest
from saddlepoint.data.cache import STALE, Cache, default_root
from saddlepoint.data.load import load
from saddlepoint.errors import UserError


@pytest.fixture
def folder(picture, write):
    return write("set", {f"{i}.png": picture(i, 6, 9) for i in range(12)})


@pytest.fixture
def unread(monkeypatch):
    """Call it, and whatever would read the source again fails."""

    def forbid():
        def refuse(*args):
            raise AssertionError("the source was read again")

        monkeypatch.setattr(ingest, "survey", refuse)

    return forbid


def test_the_second_time_nothing_is_read(folder, cache, unread):
    first = load(folder, cache=cache)
    unread()
    second = load(folder, cache=cache)
    assert second.fingerprint == first.fingerprint
    assert second.notes == first.notes
    assert (second.train.raw(slice(None)) == first.train.raw(slice(None))).all()


def test_rows_are_memory_mapped_and_read_only(folder, cache):
    rows = load(folder, cache=cache).train.rows
    assert isinstance(rows.base, np.memmap)
    assert not rows.flags.writeable


def test_what_changes_a_fingerprint(folder, cache, picture, tmp_path):
    def now(**options):
        return load(folder, DataConfig(**options), cache=cache).fingerprint

    first = now()
    assert now(size="6x9") == first  # what auto meant
    os.utime(folder / "3.png", (1, 1))
    assert now() == first
    assert load(shutil.copytree(folder, tmp_path / "copy"), cache=cache).fingerprint == first
    different = {first, now(size="6"), now(mode="grey"), now(size="6", fit="pad")}
    (folder / "3.png").write_bytes(picture(99, 6, 9))
    different.add(now())
    (folder / "3.png").rename(folder / "33.png")
    different.add(now())
    (folder / "33.png").unlink()
    different.add(now())
    assert len(different) == 7


def test_a_changed_file_of_the_same_size_is_seen(folder, cache):
    before = load(folder, cache=cache)
    content = bytearray((folder / "0.png").read_bytes())
    (folder / "1.png").write_bytes(content)
    assert load(folder, cache=cache).fingerprint != before.fingerprint


def test_copies_share_one_decoded_set(folder, cache, tmp_path):
    load(folder, cache=cache)
    load(shutil.copytree(folder, tmp_path / "copy"), cache=cache)
    assert len(list((cache / "data" / "sets").iterdir())) == 1


def test_what_a_killed_process_left_is_not_used_and_in_time_swept(folder, cache):
    fingerprint = load(folder, cache=cache).fingerprint
    sets = cache / "data" / "sets"
    shutil.rmtree(sets / fingerprint)
    for name, age in [(".part-new", 0), (".part-old", STALE + 60)]:
        (sets / name).mkdir()
        (sets / name / "rows.npy").write_bytes(b"half")
        os.utime(sets / name, (time.time() - age,) * 2)
    assert load(folder, cache=cache).fingerprint == fingerprint
    assert sorted(path.name for path in sets.iterdir()) == sorted([".part-new", fingerprint])


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_build_leaves_nothing(folder, cache, error):
    def stop(done, total, what):
        if what.startswith("decoding") and done == 5:
            raise error

    with pytest.raises(error):
        load(folder, cache=cache, progress=stop)
    assert list((cache / "data" / "sets").iterdir()) == []
    assert not (cache / "data" / "seen").exists()
    assert len(load(folder, cache=cache).train.rows) == 12


def test_a_set_appears_whole_or_not_at_all(folder, cache, monkeypatch):
    seen = []

    def die(self, target):
        seen.extend(sorted(path.name for path in self.iterdir()))
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "rename", die)  # the last moment before it is there
    with pytest.raises(KeyboardInterrupt):
        load(folder, cache=cache)
    assert seen == ["meta.json", "rows.npy", "splits.npy"]
    assert list((cache / "data" / "sets").iterdir()) == []


def test_of_two_that_build_the_same_set_both_end_well(folder, cache):
    started = []

    def other_is_faster(done, total, what):
        if what.startswith("decoding") and not started:
            started.append(load(folder, cache=cache))

    slower = load(folder, cache=cache, progress=other_is_faster)
    assert slower.fingerprint == started[0].fingerprint
    assert (slower.train.raw(slice(None)) == started[0].train.raw(slice(None))).all()
    assert [path.name for path in (cache / "data" / "sets").iterdir()] == [slower.fingerprint]


def test_a_cache_that_cannot_be_written(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="SADDLE_CACHE"):
        load(folder, cache=tmp_path / "file")


def test_a_disk_too_small(folder, cache, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(UserError, match="choose a smaller size"):
        load(folder, cache=cache)
    assert list((cache / "data" / "sets").iterdir()) == []


def test_a_damaged_cache_is_named(folder, cache):
    rows = cache / "data" / "sets" / load(folder, cache=cache).fingerprint / "rows.npy"
    rows.write_bytes(rows.read_bytes()[:-1])
    with pytest.raises(UserError, match=f"{rows.parent} is damaged"):
        load(folder, cache=cache)


def test_a_removed_set_is_made_again(folder, cache):
    fingerprint = load(folder, cache=cache).fingerprint
    shutil.rmtree(cache / "data" / "sets")
    assert load(folder, cache=cache).fingerprint == fingerprint


def test_where_the_cache_is(monkeypatch, tmp_path):
    monkeypatch.setenv("SADDLE_CACHE", str(tmp_path / "mine"))
    assert default_root() == tmp_path / "mine"
    assert Cache(None).root == tmp_path / "mine" / "data"
    monkeypatch.delenv("SADDLE_CACHE")
    for platform, variable, expected in [
        ("linux", "XDG_CACHE_HOME", tmp_path / "saddlepoint"),
        ("win32", "LOCALAPPDATA", tmp_path / "saddlepoint" / "Cache"),
        ("darwin", "UNUSED", Path.home() / "Library" / "Caches" / "saddlepoint"),
    ]:
        monkeypatch.setattr("sys.platform", platform)
        monkeypatch.setenv(variable, str(tmp_path))
        assert default_root() == expected
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_root() == Path.home() / ".cache" / "saddlepoint"
