"""From what the user wrote to a source: a name we know, a folder, an archive or an array file."""

from __future__ import annotations

import difflib
import os
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
from saddlepoint.data.picture import EXTENSIONS
from saddlepoint.data.shards import expand, find_shards, holds_samples
from saddlepoint.data.sources import TARS, Arrays, Folder, Part, Source, Tar, Zip, is_hidden, refuse
from saddlepoint.data.tables import SUFFIXES as TABLES
from saddlepoint.data.tables import find_tables
from saddlepoint.data.toy import POINTS, TOYS
from saddlepoint.errors import UserError

DIGITS = Path(__file__).with_name("digits.npz")
"""The 1,797 handwritten digits, 8 x 8, that scikit-learn ships: the test part of "Optical Recognition of Handwritten
Digits" by E. Alpaydin and C. Kaynak (1998, UCI Machine Learning Repository, doi 10.24432/C50P49, CC BY 4.0), its
grey levels 0 to 16 stretched to 0 to 255."""

STACKED = {f"stacked-{name}": name for name in ("digits", "mnist", "fashion-mnist")}
NAMES = ("digits", *PUBLISHED, *STACKED, *TOYS)
"""Sources that have a name. A folder of the same name is written `./name`."""


@dataclass(frozen=True, kw_only=True)
class Points:
    """Points by split."""

    title: str
    parts: dict[str, Part]


def stacked_of(source: str | Path) -> str | None:
    """What the source makes stacks of, if it does: `stacked-mnist`, or `stacked:PATH` of any grey labelled set."""
    name = str(source)
    return STACKED.get(name) or (name.removeprefix("stacked:") if name.startswith("stacked:") else None)


def find(source: str | Path, downloads: Path, *, offline: bool, progress: Progress) -> Source | Points:
    """The source of this name or path; a known name comes before a file of that name.

    Raises:
        UserError: there is none, or it is of a kind we cannot read.
    """
    if isinstance(source, str) and source in NAMES:
        return _named(source, downloads, offline, progress)
    path = Path(os.path.expanduser(source))
    if "{" in str(source) and not _exists(path):
        return find_shards(str(path.absolute()), [Path(name).absolute() for name in expand(str(path))])
    if not _exists(path):
        near = difflib.get_close_matches(str(source), NAMES, n=1)
        hint = f"did you mean {near[0]}?" if near else f"give a path, or one of {', '.join(NAMES)}."
        raise UserError(f"There is no file, folder or known set {str(source)!r}: {hint}")
    if not path.is_dir() and not path.is_file():
        raise UserError(f"{path} is neither a file nor a folder.")
    printable = os.fsencode(path).decode(errors="backslashreplace")
    if printable != str(path):
        raise UserError(f"{printable}: the name of a source must be UTF-8, to be written down in a run.")
    # a file keeps its name even if it is a link: it says what kind of file it is
    path = path.resolve() if path.is_dir() else path.parent.resolve() / path.name
    title, name = str(path), path.name.lower()
    if (path.is_dir() or "idx" in name) and (files := idx_files(path)):
        both = [file for pair in files.values() for file in pair if file is not None]
        bare = [images.name for images, labels in files.values() if labels is None]
        notes = tuple(f"No labels file lies beside {images}." for images in bare)
        return Arrays(title, tuple(both), lambda: read_idx_files(files), notes=notes)
    if (path.is_dir() or ("cifar" in name and name.endswith(TARS))) and (batches := find_cifar(path)):
        return batches
    if path.is_dir():
        return _folder(title, path)
    if name.endswith(".zip"):
        return Zip(title, path)
    if name.endswith(TARS):
        return find_shards(title, [path]) if holds_samples(path) else Tar(title, path)
    if name.endswith(TABLES):
        return find_tables(path, [path])
    if name.endswith((".npy", ".npz")):
        return _numpy(title, path)
    raise UserError(
        f"{path} is not a kind of data we read: a folder, a .zip or .tar of images, IDX (-idx3-ubyte, also .gz), "
        ".npy, .npz, .parquet or .arrow."
    )


def _exists(path: Path) -> bool:
    try:
        return path.exists()
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}.") from error


def _folder(title: str, path: Path) -> Source:
    """A folder of images, or of tables or tar archives if there is no image in it."""
    held: dict[str, list[Path]] = {}
    for folder, below, files in os.walk(path, onerror=refuse):
        below[:] = [name for name in below if not is_hidden(name)]
        for file in files:
            suffix = os.path.splitext(file)[1].lower()
            if suffix in EXTENSIONS and not is_hidden(file):
                return Folder(title, path)
            if not is_hidden(file) and (suffix in TABLES or file.lower().endswith(TARS)):
                held.setdefault("table" if suffix in TABLES else "tar", []).append(Path(folder, file))
    if "table" in held:
        return find_tables(path, held["table"])
    return find_shards(title, sorted(held["tar"])) if "tar" in held else Folder(title, path)


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
