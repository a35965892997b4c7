"""From what the user wrote to a source: a name we know, a folder, an archive or an array file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.data.arrays import (
    check_images,
    check_points,
    holds_points,
    idx_files,
    read_idx_files,
    read_numpy,
)
from saddlepoint.data.cifar import find_cifar, read_cifar
from saddlepoint.data.download import PUBLISHED, fetch
from saddlepoint.data.parallel import Progress
from saddlepoint.data.sources import Arrays, Folder, Part, Source, Tar, Zip
from saddlepoint.data.toy import POINTS, TOYS
from saddlepoint.errors import UserError

TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
DIGITS = Path(__file__).with_name("digits.npz")
"""The 1,797 handwritten digits, 8 x 8, that scikit-learn ships: the test part of "Optical Recognition of Handwritten
Digits" by E. Alpaydin and C. Kaynak (1998, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0), its
grey levels 0 to 16 stretched to 0 to 255."""

NAMES = ("digits", *PUBLISHED, *TOYS)
"""Sources that have a name. A folder of the same name is written `./name`."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points by split."""

    title: str
    parts: dict[str, Part]


def find(source: str | Path, downloads: Path, *, offline: bool, progress: Progress) -> Source | Points:
    """The source of this name or path; a known name comes before a file of that name.

    Raises:
        UserError: there is none, or it is of a kind we cannot read.
    """
    if isinstance(source, str) and source in NAMES:
        return _named(source, downloads, offline, progress)
    path = Path(source).expanduser()
    if not path.exists():
        near = difflib.get_close_matches(str(source), NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"give a path, or one of {', '.join(NAMES)}."
        raise UserError(f"There is no file, folder or known set {str(source)!r}: {hint}")
    path = path.resolve()
    title, name = str(path), path.name.lower()
    if (path.is_dir() or "idx" in name) and (files := idx_files(path)):
        both = [file for pair in files.values() for file in pair if file is not None]
        bare = [images.name for images, labels in files.values() if labels is None]
        notes = tuple(f"No labels file lies beside {images}." for images in bare)
        return Arrays(title, tuple(both), lambda: read_idx_files(files), notes=notes)
    if (path.is_dir() or ("cifar" in name and name.endswith(TARS))) and (batches := find_cifar(path)):
        return batches
    if path.is_dir():
        return Folder(title, path)
    if name.endswith(".zip"):
        return Zip(title, path)
    if name.endswith(TARS):
        return Tar(title, path)
    if name.endswith((".npy", ".npz")):
        return _numpy(title, path)
    raise UserError(
        f"{path} is not a kind of data we read: a folder, a .zip or .tar of images, IDX (-idx3-ubyte, also .gz), "
        ".npy or .npz."
    )


def _named(name: str, downloads: Path, offline: bool, progress: Progress) -> Source | Points:
    if name in TOYS:
        return Points(title=name, parts={"train": Part(TOYS[name].sample(POINTS).numpy())})
    if name == "digits":
        return _numpy(name, DIGITS)
    paths = fetch(name, downloads, offline=offline, progress=progress)
    classes = PUBLISHED[name].classes
    if name == "cifar10":
        return Arrays(name, tuple(paths), lambda: read_cifar(paths[0]), classes)
    return Arrays(name, tuple(paths), lambda: read_idx_files(idx_files(paths[0].parent)), classes)


def _numpy(title: str, path: Path) -> Source | Points:
    if holds_points(path):
        parts = {s: check_points(f"{title} ({s})", x, y) for s, (x, y) in read_numpy(path).items()}
        return Points(title=title, parts=parts)
    return Arrays(
        title, (path,), lambda: {s: check_images(f"{title} ({s})", x, y) for s, (x, y) in read_numpy(path).items()}
    )
