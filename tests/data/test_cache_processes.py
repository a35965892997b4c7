"""The cache under real processes that start together, or are killed."""

from __future__ import annotations

import io
import itertools
import os
import random
import tarfile
import time
from pathlib import Path

import numpy as np
import pytest
from cache_worker import Loader, digest
from PIL import Image

from saddlepoint.data.load import load
from saddlepoint.errors import UserError


def noise(number: int) -> bytes:
    buffer = io.BytesIO()
    pixels = np.random.default_rng(number).integers(0, 256, (6, 6, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


COUNT = 60


@pytest.fixture
def folder(write) -> Path:
    return write("set", {f"{'ab'[i % 2]}/{i:03}.png": noise(i) for i in range(COUNT)})


@pytest.fixture
def expected(folder, tmp_path) -> tuple[str, str]:
    """What a load gives that nothing disturbs."""
    return digest(load(folder, cache=tmp_path / "undisturbed"))


def held(cache: Path) -> list[str]:
    return sorted(path.name for path in (cache / "data" / "sets").iterdir())


@pytest.mark.parametrize("count", [2, 4])
def test_processes_that_start_together_prepare_it_once(count, folder, cache, expected):
    loaders = [Loader(folder, cache, pause=0.005) for _ in range(count)]
    for loader in loaders:
        loader.go()
    results = [loader.loaded() for loader in loaders]
    assert [result for result, _ in results] == [expected] * count
    assert sum("decoding" in words for _, words in results) == 1
    assert sum("another" in words for _, words in results) == count - 1
    assert held(cache) == [expected[0]]
    for loader in loaders:
        loader.end()


def test_who_waits_goes_on_when_the_other_is_killed(folder, cache, expected):
    first, second = Loader(folder, cache, pause=0.05), Loader(folder, cache)
    first.go()
    first.until("reading", 3)
    second.go()
    second.until("another", 0)
    first.kill()
    result, words = second.loaded()
    assert result == expected
    assert "decoding" in words
    assert held(cache) == [expected[0]]
    second.end()


@pytest.mark.parametrize("seed", range(3))
def test_killed_again_and_again_at_random_moments(seed, folder, cache, expected):
    draw = random.Random(seed)
    for _ in range(5):
        loader = Loader(folder, cache, every=draw.choice([0.0, 0.02]), pause=0.002)
        loader.go()
        time.sleep(draw.uniform(0, 0.3))
        loader.kill()
    assert digest(load(folder, cache=cache)) == expected
    assert held(cache) == [expected[0]]


def kill_at(loader: Loader, word: str, number: int) -> None:
    loader.go()
    loader.until(word, number)
    loader.kill()


@pytest.fixture
def stream(tmp_path) -> Path:
    """A tar, which can only be read from the front."""
    path = tmp_path / "set.tar"
    with tarfile.open(path, "w") as tar:
        for i in random.Random(0).sample(range(COUNT), COUNT):
            content = noise(i)
            info = tarfile.TarInfo(f"{'ab'[i % 2]}/{i:03}.png")
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return path


def test_a_long_stream_goes_on_after_kills(stream, folder, cache, expected):
    kill_at(Loader(stream, cache, pause=0.01), "reading", 35)
    kill_at(Loader(stream, cache, pause=0.01), "decoding", 25)
    said = []
    data = load(stream, cache=cache, progress=lambda done, total, what: said.append((what.split()[0], done)))
    assert ("decoding", COUNT) in said
    assert "reading" not in {word for word, _ in said}  # all was looked at before the second kill
    assert min(done for word, done in said if word == "decoding") >= 25  # nor is decoded what was
    assert digest(data) == expected  # of the same files
    assert held(cache) == [expected[0]]


def test_a_stream_that_changed_starts_over(stream, cache, tmp_path):
    kill_at(Loader(stream, cache, pause=0.01), "decoding", 25)
    (left,) = (name for name in held(cache) if name.startswith(".part-"))
    with tarfile.open(stream, "a") as tar:
        info = tarfile.TarInfo("a/new.png")
        info.size = len(noise(99))
        tar.addfile(info, io.BytesIO(noise(99)))
    said = []
    data = load(stream, cache=cache, progress=lambda done, total, what: said.append((what.split()[0], done)))
    assert ("reading", 1) in said
    assert ("decoding", 1) in said
    assert len(data.train.rows) == COUNT + 1
    assert left not in held(cache)  # what is no longer of use is swept at once
    assert held(cache) == [data.fingerprint]
    undisturbed = load(stream, cache=tmp_path / "other")
    assert (data.train.rows == undisturbed.train.rows).all()


def test_a_source_that_changes_while_it_is_read(folder, cache):
    def meddle(done: int, total: int, what: str) -> None:
        if what.startswith("decoding") and done == 10:
            (folder / "a" / "000.png").write_bytes(noise(77))

    with pytest.raises(UserError, match="changed while it was read"):
        load(folder, cache=cache, progress=meddle)
    assert not (cache / "data" / "seen").exists()
    assert len(load(folder, cache=cache).train.rows) == COUNT


def test_a_new_file_while_it_is_read(folder, cache):
    def meddle(done: int, total: int, what: str) -> None:
        if what.startswith("reading") and done == COUNT:
            (folder / "a" / "late.png").write_bytes(noise(77))

    with pytest.raises(UserError, match="changed while it was read"):
        load(folder, cache=cache, progress=meddle)
    assert len(load(folder, cache=cache).train.rows) == COUNT + 1


def test_every_change_of_a_folder_is_seen(folder, cache):
    def edit_in_secret() -> None:
        """Same size, same time of modification."""
        path = folder / "a" / "000.png"
        stat = path.stat()
        path.write_bytes(next(other for i in range(500, 9000) if len(other := noise(i)) == stat.st_size))
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))
        assert (path.stat().st_size, path.stat().st_mtime_ns) == (stat.st_size, stat.st_mtime_ns)

    changes = [
        edit_in_secret,
        lambda: (folder / "a" / "new.png").write_bytes(noise(100)),
        lambda: (folder / "a" / "new.png").rename(folder / "a" / "renamed.png"),
        lambda: (folder / "a" / "renamed.png").rename(folder / "b" / "renamed.png"),  # another label
        lambda: (folder / "b" / "renamed.png").unlink(),
    ]
    seen = [load(folder, cache=cache).fingerprint]
    for change in changes:
        change()
        data = load(folder, cache=cache)
        assert data.fingerprint == load(folder, cache=cache.parent / f"fresh{len(seen)}").fingerprint
        seen.append(data.fingerprint)
    assert all(now != before for before, now in itertools.pairwise(seen))
