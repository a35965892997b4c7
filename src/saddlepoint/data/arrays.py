"""Readers of array files: IDX, .npy and .npz. Nothing is ever unpickled."""

from __future__ import annotations

import gzip
import math
import re
import zipfile
import zlib
from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from saddlepoint.data.sources import Part
from saddlepoint.data.splits import SPLITS
from saddlepoint.errors import UserError

Array = npt.NDArray[Any]

IMAGE_KEYS: dict[str, tuple[str, ...]] = {
    "train": ("images", "x", "x_train", "train_images", "arr_0"),
    "validation": ("x_val", "val_images"),
    "test": ("x_test", "test_images"),
}
LABEL_KEYS: dict[str, tuple[str, ...]] = {
    "train": ("labels", "y", "y_train", "train_labels", "arr_1"),
    "validation": ("y_val", "val_labels"),
    "test": ("y_test", "test_labels"),
}

IDX_NAME = re.compile(r"idx[34](-ubyte)?(\.gz)?$")


def idx_files(path: Path) -> dict[str, tuple[Path, Path | None]]:
    """The IDX images file of each split, with the labels file that lies beside it, of a folder or one such file.

    Empty if a folder has none. Files are known by name: `...images...idx3...`, and `labels`, `idx1` in its place.

    Raises:
        UserError: a folder with two sets.
    """
    found: dict[str, tuple[Path, Path | None]] = {}
    candidates = sorted(path.iterdir()) if path.is_dir() else [path]
    for images in candidates:
        if not IDX_NAME.search(images.name) or not images.is_file():
            continue
        split = "test" if re.search("t10k|test", images.name) else "train"
        if split in found:
            raise UserError(
                f"{path} holds two sets of IDX images, {found[split][0].name} and {images.name}: name one of the files."
            )
        label_name = re.sub(r"idx[34]", "idx1", images.name.replace("images", "labels")).removesuffix(".gz")
        beside = (images.with_name(label_name), images.with_name(f"{label_name}.gz"))
        found[split] = images, next((file for file in beside if file != images and file.is_file()), None)
    return {"train": next(iter(found.values()))} if len(found) == 1 else found


def read_idx(path: Path) -> Array:
    """An IDX array: two zero bytes, a type code (8: uint8), the number of axes, then big-endian sizes and values.

    Raises:
        UserError: not IDX, of another type than uint8, or cut short.
    """
    try:
        content = path.read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
    except (OSError, EOFError, zlib.error) as error:
        raise UserError(f"{path} cannot be read: {error}.") from error
    if len(content) < 4 or content[:2] != b"\0\0" or content[2] != 8:
        raise UserError(f"{path} is not an IDX file of unsigned bytes.")
    axes = content[3]
    shape = tuple(int.from_bytes(content[4 + 4 * i : 8 + 4 * i]) for i in range(axes))
    values = np.frombuffer(content, np.uint8)[4 + 4 * axes :]
    if len(content) < 4 + 4 * axes or values.size != math.prod(shape):
        raise UserError(f"{path} is cut short or damaged: {shape} values announced, {values.size:,} found.")
    return values.reshape(shape)


def read_idx_files(files: dict[str, tuple[Path, Path | None]]) -> dict[str, Part]:
    return {
        split: check_images(str(images), read_idx(images), None if labels is None else read_idx(labels))
        for split, (images, labels) in files.items()
    }


def holds_points(path: Path) -> bool:
    """Whether an .npy or .npz file holds points, (N, D) of floats, rather than images; reads headers only.

    Raises:
        UserError: not a numpy file, or no known key.
    """
    with _numpy_errors(path), path.open("rb") as file:
        if path.suffix.lower() == ".npy":
            return _is_points(file)
        with zipfile.ZipFile(file) as archive:
            key = _key(IMAGE_KEYS["train"], archive.namelist(), ".npy")
            if key is None:
                held = ", ".join(name.removesuffix(".npy") for name in archive.namelist()) or "none"
                raise UserError(f"{path} has no array named {' or '.join(IMAGE_KEYS['train'])}: it has {held}.")
            with archive.open(key) as member:
                return _is_points(member)


def read_numpy(path: Path) -> dict[str, tuple[Array, Array | None]]:
    """Arrays and labels by split, of an .npy file (memory-mapped) or an .npz file by the usual keys.

    Raises:
        UserError: a damaged file, or one that would need unpickling.
    """
    with _numpy_errors(path):
        if path.suffix.lower() == ".npy":
            return {"train": (np.load(path, mmap_mode="r", allow_pickle=False), None)}
        with np.load(path, allow_pickle=False) as loaded:
            keys = {split: (_key(IMAGE_KEYS[split], loaded), _key(LABEL_KEYS[split], loaded)) for split in SPLITS}
            return {
                split: (loaded[images], None if labels is None else loaded[labels])
                for split, (images, labels) in keys.items()
                if images is not None
            }


def _is_points(file: IO[bytes]) -> bool:
    version = np.lib.format.read_magic(file)
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    shape, _, dtype = read(file)
    return len(shape) == 2 and dtype.kind == "f"


def _key(wanted: Iterable[str], held: Iterable[str], suffix: str = "") -> str | None:
    return next((key + suffix for key in wanted if key + suffix in held), None)


@contextmanager
def _numpy_errors(path: Path) -> Generator[None]:
    try:
        yield
    except UserError:
        raise
    except (ValueError, OSError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        raise UserError(f"{path} is not a readable numpy file of plain numbers: {error}.") from error


def check_images(title: str, images: Array, labels: Array | None) -> Part:
    """Images and labels that fit together, in the shapes we take.

    Raises:
        UserError: another type, shape or count.
    """
    if images.dtype != np.uint8:
        raise UserError(
            f"{title}: images must be uint8 from 0 to 255, and these are {images.dtype} of shape {images.shape}."
        )
    if images.ndim == 4 and images.shape[1] in (1, 3, 4) and images.shape[3] not in (1, 3, 4):
        raise UserError(f"{title}: {images.shape} has the channels first: transpose to (N, H, W, C).")
    if images.ndim not in (3, 4) or (images.ndim == 4 and images.shape[3] not in (1, 3, 4)) or 0 in images.shape:
        raise UserError(f"{title}: images must have the shape (N, H, W) or (N, H, W, 1, 3 or 4), not {images.shape}.")
    if images.ndim == 4 and images.shape[3] == 1:
        images = images[..., 0]
    return Part(images, None if labels is None else _check_labels(title, len(images), labels))


def check_points(title: str, points: Array, labels: Array | None) -> Part:
    """Finite float32 points (N, D) with labels that fit.

    Raises:
        UserError: another type or shape, or a value that is no number.
    """
    if points.ndim != 2 or points.dtype.kind != "f" or 0 in points.shape:
        raise UserError(f"{title}: points must be floats of shape (N, D), not {points.dtype} of {points.shape}.")
    points = np.ascontiguousarray(points, np.float32)
    if not np.isfinite(points).all():
        raise UserError(f"{title}: row {int(np.flatnonzero(~np.isfinite(points).all(1))[0])} is not finite.")
    return Part(points, None if labels is None else _check_labels(title, len(points), labels))


def _check_labels(title: str, count: int, labels: Array) -> Array:
    labels = labels[:, 0] if labels.ndim == 2 and labels.shape[1] == 1 else labels
    if labels.shape != (count,) or labels.dtype.kind not in "iubU":
        raise UserError(
            f"{title}: labels must be {count:,} whole numbers or names, not {labels.dtype} of shape {labels.shape}."
        )
    return labels
