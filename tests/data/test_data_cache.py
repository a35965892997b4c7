import os
import shutil
import time
from pathlib import Path

import numpy as np
import pytest

from saddlepoint.config import DataConfig
from saddlepoint.data import ingest
from saddlepoint.data.cache import STALE, Cache, default_root
from saddlepoint.data.draft import Draft
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


def test_in_time_what_other_sources_left_is_swept(folder, cache):
    sets = cache / "data" / "sets"
    for name, age in [(".part-new", 0), (".part-old", STALE + 60)]:
        (sets / name).mkdir(parents=True)
        (sets / name / "rows.npy").write_bytes(b"half")
        for path in (sets / name, sets / name / "rows.npy"):
            os.utime(path, (time.time() - age,) * 2)
    (sets / ".part-grows").mkdir()
    (sets / ".part-grows" / "rows.npy").write_bytes(b"half")
    os.utime(sets / ".part-grows", (1, 1))  # as a folder's own time stands while its files grow
    (sets / ".lock-dead").touch()
    fingerprint = load(folder, cache=cache).fingerprint
    assert {path.name for path in sets.iterdir()} == {".part-new", ".part-grows", fingerprint}


@pytest.mark.parametrize("error", [KeyboardInterrupt, RuntimeError])
def test_an_interrupted_build_goes_on_where_it_was(folder, cache, error, monkeypatch):
    expected = load(folder, cache=cache.parent / "other")
    monkeypatch.setattr(Draft, "EVERY", 0.0)
    decoded = []

    def stop(done, total, what):
        if what.startswith("decoding") and done == 5:
            raise error

    def watch(done, total, what):
        decoded.append(done)

    with pytest.raises(error):
        load(folder, cache=cache, progress=stop)
    assert not (cache / "data" / "seen").exists()
    again = load(folder, cache=cache, progress=watch)
    assert decoded == list(range(6, 13))  # nothing is looked at twice, nothing decoded twice
    assert again.fingerprint == expected.fingerprint
    assert (again.train.rows == expected.train.rows).all()
    assert sorted(path.name for path in (cache / "data" / "sets").iterdir()) == [again.fingerprint]


def test_a_set_appears_whole_or_not_at_all(folder, cache, monkeypatch):
    seen = []

    def die(self, target):
        seen.extend(sorted(path.name for path in self.iterdir()))
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", die)  # the last moment before it is there
        with pytest.raises(KeyboardInterrupt):
            load(folder, cache=cache)
    assert {"meta.json", "rows.npy", "splits.npy"} < set(seen)
    assert [path.name[:6] for path in (cache / "data" / "sets").iterdir()] == [".part-"]
    final = cache / "data" / "sets" / load(folder, cache=cache).fingerprint
    assert sorted(path.name for path in final.iterdir()) == ["meta.json", "rows.npy", "splits.npy"]


def test_a_cache_that_cannot_be_written(folder, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(UserError, match="SADDLE_CACHE"):
        load(folder, cache=tmp_path / "file")


def test_a_disk_too_small(folder, cache, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10, 9, 1))
    with pytest.raises(UserError, match="choose a smaller size"):
        load(folder, cache=cache)
    assert list((cache / "data" / "sets").iterdir()) == []


def cut(path):
    path.write_bytes(path.read_bytes()[:-2])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"!")


def flip_last(path):
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def garble(path):
    path.write_bytes(b"\xff{nonsense" * 20)


DAMAGES = [
    *(("rows.npy", damage) for damage in (cut, lengthen, garble, Path.unlink)),
    *(("splits.npy", damage) for damage in (cut, flip_last, garble, Path.unlink)),
    *(("labels.npy", damage) for damage in (cut, flip_last, garble, Path.unlink)),
    *(("meta.json", damage) for damage in (cut, garble, Path.unlink)),
]


@pytest.mark.parametrize(("name", "damage"), DAMAGES, ids=[f"{name}-{damage.__name__}" for name, damage in DAMAGES])
def test_a_damaged_set_is_made_anew_and_it_is_said(name, damage, picture, write, cache):
    labelled = write("labelled", {f"{kind}/{i}.png": picture(i) for i in range(6) for kind in "ab"})
    before = load(labelled, cache=cache)
    rows, folder = before.train.rows.copy(), cache / "data" / "sets" / before.fingerprint
    del before
    damage(folder / name)
    after = load(labelled, cache=cache)
    assert any("damaged" in note and "made anew" in note for note in after.notes)
    assert (after.train.rows == rows).all()
    assert after.train.labels.tolist() == [0] * 6 + [1] * 6
    assert not any("damaged" in note for note in load(labelled, cache=cache).notes)


def test_a_flipped_bit_in_the_rows_is_not_seen(folder, cache):
    """Known: every load would have to read all rows for it."""
    before = load(folder, cache=cache)
    flip_last(cache / "data" / "sets" / before.fingerprint / "rows.npy")
    assert load(folder, cache=cache).notes == before.notes


@pytest.mark.parametrize("content", ["", "{", "[]", '{"fingerprint": "../../x", "source": ""}', '{"fingerprint": 3}'])
def test_a_damaged_note_of_what_was_seen_is_ignored(content, folder, cache):
    before = load(folder, cache=cache)
    (note,) = (cache / "data" / "seen").iterdir()
    note.write_text(content)
    assert load(folder, cache=cache).fingerprint == before.fingerprint


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
