"""Damaged data: exit status 2, one sentence that names the file, and nothing written."""

from __future__ import annotations

import gzip
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from refusal import everything, refused

from cli_support import Saddle

Make = Callable[[Path], Any]
"""Makes the file or folder of this path."""


def save(array: Any) -> Make:
    return lambda path: np.save(path, array, allow_pickle=True)


def zipped(**members: bytes) -> Make:
    def make(path: Path) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in members.items():
                archive.writestr(name.replace("_", "."), content)

    return make


def holding(**files: bytes) -> Make:
    def make(path: Path) -> None:
        path.mkdir()
        for name, content in files.items():
            (path / name.replace("_", ".")).write_bytes(content)

    return make


def content(text: bytes) -> Make:
    return lambda path: path.write_bytes(text)


DATA: dict[str, tuple[str, Make]] = {
    "an array cut short": ("x.npy", content(b"\x93NUMPY\x01\0")),
    "an empty array file": ("x.npy", content(b"")),
    "an array of objects": ("x.npy", save(np.array([{}], object))),
    "a single number": ("x.npy", save(np.uint8(3))),
    "no images": ("x.npy", save(np.zeros((0, 8, 8), np.uint8))),
    "images of floats": ("x.npy", save(np.zeros((4, 8, 8), np.float32))),
    "channels first": ("x.npy", save(np.zeros((4, 3, 8, 8), np.uint8))),
    "points that are not finite": ("x.npy", save(np.full((4, 2), np.nan, np.float32))),
    "an archive of no arrays": ("x.npz", zipped()),
    "an archive of other arrays": ("x.npz", zipped(weights_npy=b"")),
    "arrays in no archive": ("x.npz", content(b"PK")),
    "a zip cut short": ("x.zip", content(b"PK\3\4")),
    "an empty zip": ("x.zip", zipped()),
    "a zip of a text": ("x.zip", zipped(readme_txt=b"hello")),
    "a zip of a broken picture": ("x.zip", zipped(a_png=b"hello")),
    "a tar of noise": ("x.tar", content(b"noise")),
    "an empty IDX file": ("x-idx3-ubyte", content(b"")),
    "an IDX file cut short": ("x-idx3-ubyte", content(b"\0\0\x08\x03" + b"\xff" * 12)),
    "a gzip cut short": ("x-idx3-ubyte.gz", content(gzip.compress(b"hello")[:-4])),
    "an empty folder": ("x", holding()),
    "a folder of a text": ("x", holding(a_txt=b"hello")),
    "a folder of an empty picture": ("x", holding(a_png=b"")),
    "a folder of a broken picture": ("x", holding(a_jpg=b"\xff\xd8\xff hello")),
    "another kind of file": ("x.mp4", content(b"film")),
}


@pytest.mark.parametrize(("name", "make"), DATA.values(), ids=DATA)
def test_damaged_data(saddle: Saddle, tmp_path: Path, name: str, make: Make) -> None:
    make(tmp_path / name)
    before = everything(tmp_path)
    refused(saddle("train", "gan", "--data", name, "--steps", 1, "track=none"), name)
    assert everything(tmp_path) == before
