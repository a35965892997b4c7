"""Small pictures on disk, and a cache of the test's own."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import settings
from PIL import Image

settings.register_profile("saddlepoint", deadline=None)  # a busy machine stalls
settings.load_profile("saddlepoint")


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty cache folder, also the default one, so that no test reaches the user's."""
    folder = tmp_path / "cache"
    monkeypatch.setenv("SADDLE_CACHE", str(folder))
    return folder


@pytest.fixture
def picture() -> Callable[..., bytes]:
    """`picture(seed)`: a PNG of noise, different for every seed."""

    def make(seed: int, height: int = 8, width: int = 8, mode: str = "RGB", format: str = "PNG") -> bytes:
        noise = np.random.default_rng(seed).integers(0, 256, (height, width, 4), dtype=np.uint8)
        buffer = io.BytesIO()
        Image.fromarray(noise).convert(mode).save(buffer, format)
        return buffer.getvalue()

    return make


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, dict[str, bytes]], Path]:
    """`write("set", {"cat/1.png": content})`: a folder of these files."""

    def make(name: str, files: dict[str, bytes]) -> Path:
        folder = tmp_path / name
        for file, content in files.items():
            (folder / file).parent.mkdir(parents=True, exist_ok=True)
            (folder / file).write_bytes(content)
        return folder

    return make
