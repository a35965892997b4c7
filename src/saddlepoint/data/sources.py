"""Where encoded pictures come from. Every source can be told apart cheaply, listed by streaming, and laid out."""

from __future__ import annotations

import lzma
import os
import tarfile
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from stat import S_ISBLK, S_ISCHR, S_ISFIFO, S_ISSOCK
from typing import Any, Protocol, cast

import numpy as np
import numpy.typing as npt

from saddlepoint.data.layout import Layout, arrange
from saddlepoint.data.picture import EXTENSIONS, MAX_BYTES, Encoded
from saddlepoint.errors import UserError

TARS = (".tar", ".tar.gz", ".tgz", ".tar.xz", ".txz", ".tar.bz2", ".tbz2")
TAR_ERRORS = (tarfile.TarError, EOFError, OSError, ValueError, lzma.LZMAError, zlib.error)
ARCHIVES = (*TARS, ".tar.zst", ".zip", ".7z", ".rar")

Read = Callable[[], Encoded]
"""Fetches one encoded picture; may run in another thread, and may raise OSError or a decompression error."""


class Source(Protocol):
    """A set of encoded pictures, each with a name of its own."""

    title: str

    def stamp(self) -> list[list[str | int]]:
        """What changes whenever the content may have changed; cheap, and true of this machine only."""
        ...

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        """Name, size in bytes and reader of every picture, in the order that is cheapest to read."""
        ...

    def layout(self, names: Sequence[str]) -> Layout:
        """Splits and labels of the pictures of these sorted names, all that were streamed."""
        ...


@dataclass
class Files:
    """Files of a folder or members of an archive: class folders are labels, train/test folders are splits."""

    title: str
    path: Path
    ignored: Counter[str] = field(default_factory=Counter[str])
    archives: list[str] = field(default_factory=list[str])

    def _forget(self) -> None:
        self.ignored.clear()
        self.archives.clear()

    def layout(self, names: Sequence[str]) -> Layout:
        if not names:
            if self.archives:
                raise UserError(
                    f"{self.title} holds no images, only {self.archives[0]}, and an archive within is not opened: "
                    "unpack it, or give it as the source itself."
                )
            found = f" (there are {listed(self.ignored)})" if self.ignored else ""
            raise UserError(
                f"{self.title} holds no images{found}: known extensions are {' '.join(sorted(EXTENSIONS))}."
            )
        layout = arrange(names, self.title)
        if self.archives:
            more = f" and {len(self.archives) - 1:,} more" if len(self.archives) > 1 else ""
            layout = layout.noting(f"Archives within are not opened: {self.archives[0]}{more}.")
        if self.ignored:
            layout = layout.noting(f"Ignored by their names: {listed(self.ignored)}.")
        return layout

    def stamp(self) -> list[list[str | int]]:
        return [stamp_of(self.path)]

    def _wanted(self, name: str) -> bool:
        if is_hidden(name):
            return False
        suffix = PurePosixPath(name).suffix.lower()
        if suffix in EXTENSIONS:
            return True
        if name.lower().endswith(ARCHIVES):
            self.archives.append(name)
        else:
            self.ignored[f"{suffix or 'nameless'} files"] += 1
        return False


class Folder(Files):
    """Image files anywhere below a folder."""

    def stamp(self) -> list[list[str | int]]:
        return [
            [str(self.path), 0, 0],
            *([name, s.st_size, s.st_mtime_ns, s.st_ctime_ns] for name, _, s in self._walk()),
        ]

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        for name, path, stat in self._walk():
            yield name, stat.st_size, partial(_read_file, path, stat)

    def _walk(self) -> list[tuple[str, str, os.stat_result]]:
        self._forget()
        found: list[tuple[str, str, os.stat_result]] = []
        entered: set[str] = set()
        for folder, below, files in os.walk(self.path, onerror=refuse, followlinks=True):
            if os.path.realpath(folder) in entered:  # a link back up would never end
                below.clear()
                continue
            entered.add(os.path.realpath(folder))
            for file in files:
                path = os.path.join(folder, file)
                name = normal(Path(path).relative_to(self.path).as_posix())
                if self._wanted(name):
                    found.append((name, path, _stat(path)))
        return sorted(found)


class Zip(Files):
    """Members of a zip archive, read in place."""

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        self._forget()
        try:
            archive = zipfile.ZipFile(self.path)  # the readers outlive this generator, and close it with the last
        except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
            raise UserError(f"{self.title} is not a readable zip archive: {error}.") from error
        for member in archive.infolist():
            name = normal(member.filename)
            if not member.is_dir() and self._wanted(name):
                yield name, member.file_size, partial(archive.read, member)


class Tar(Files):
    """Members of a tar archive, compressed or not, read from front to back."""

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        self._forget()
        for name, size, read in tar_members(self.path):
            if self._wanted(name):
                encoded = read() if size <= MAX_BYTES else b""
                yield name, size, lambda encoded=encoded: encoded


def tar_members(path: Path) -> Iterator[tuple[str, int, Callable[[], bytes]]]:
    """Name, size and reader of every file of a tar, in its order; to be read before the next is asked for.

    Raises:
        UserError: it is damaged.
    """
    try:
        with tarfile.open(path, "r|*") as archive:
            while member := archive.next():
                cast(Any, archive).members.clear()  # or a million of them would stay in memory
                if member.isfile():
                    yield normal(member.name.removeprefix("./")), member.size, partial(_content, archive, member)
            # tarfile takes a header that is cut short for the end, so see that the closing block was there
            if archive.fileobj.tell() < archive.offset + tarfile.BLOCKSIZE:
                raise tarfile.ReadError("it ends without its closing block, as if cut short")
    except TAR_ERRORS as error:
        raise UserError(f"{path} is not a readable tar archive: {error}.") from error


def _content(archive: tarfile.TarFile, member: tarfile.TarInfo) -> bytes:
    try:
        file = archive.extractfile(member)
        assert file is not None
        return file.read()
    except TAR_ERRORS as error:
        raise UserError(f"{archive.name} is not a readable tar archive: {error}.") from error


@dataclass
class Part:
    """One split of arrays: images, uint8 (N, H, W) or (N, H, W, C), or points (N, D); and labels (N,) or None."""

    rows: npt.NDArray[Any]
    labels: npt.NDArray[Any] | None = None


def join_labels(
    parts: Sequence[Part], classes: tuple[str, ...]
) -> tuple[npt.NDArray[np.int64] | None, tuple[str, ...]]:
    """Labels 0, 1, ... of all parts in turn and their names: `classes`, or else the sorted values themselves."""
    labels = [part.labels for part in parts if part.labels is not None]
    if len(labels) < len(parts):
        return None, ()
    values = np.concatenate(labels)
    if not classes:
        named, values = np.unique(values, return_inverse=True)
        classes = tuple(str(name) for name in named)
    return values.astype(np.int64), classes


@dataclass
class Arrays:
    """Images that are arrays already. `classes` names the label values 0, 1, ...; else they name themselves."""

    title: str
    paths: tuple[Path, ...]
    read: Callable[[], dict[str, Part]]
    classes: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    _parts: dict[str, Part] = field(default_factory=dict[str, Part])

    def stamp(self) -> list[list[str | int]]:
        return [stamp_of(path) for path in self.paths]

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        for split, part in self._read().items():
            for i, image in enumerate(part.rows):
                yield f"{split}/{i:09d}", image.nbytes, lambda image=image: np.ascontiguousarray(image)

    def layout(self, names: Sequence[str]) -> Layout:
        splits = [name.partition("/")[0] for name in names]
        parts = self._read()
        labels, classes = join_labels([parts[split] for split in sorted(parts)], self.classes)
        if labels is not None and len(labels) and labels.max() >= len(classes):
            raise UserError(f"{self.title} has the label {labels.max()}, and names for {len(classes)} only.")
        return Layout(names=tuple(names), splits=tuple(splits), labels=labels, classes=classes, notes=self.notes)

    def _read(self) -> dict[str, Part]:
        self._parts = self._parts or self.read()
        return self._parts


def refuse(error: OSError) -> None:
    """For `os.walk`, which would leave out a folder that it cannot read."""
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.") from error


def normal(name: str) -> str:
    """One spelling for one name, that can be printed and stored.

    File systems differ in how they compose accents, and Python hands bytes that are no UTF-8 through as surrogates;
    such a byte is written as backslash, x and its two digits.
    """
    return unicodedata.normalize("NFC", name.encode(errors="surrogateescape").decode(errors="backslashreplace"))


def is_hidden(name: str) -> bool:
    """Whether a "/"-separated name belongs to the system rather than to the user."""
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _stat(path: str | Path) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError:  # a dangling link, which reading will report by name
        return os.lstat(path)


def _read_file(path: str, stat: os.stat_result) -> bytes:
    if S_ISFIFO(stat.st_mode) or S_ISSOCK(stat.st_mode) or S_ISCHR(stat.st_mode) or S_ISBLK(stat.st_mode):
        raise OSError("it is a pipe, socket or device, which might never end")
    return Path(path).read_bytes()


def stamp_of(path: Path) -> list[str | int]:
    stat = path.stat()
    # Who edits a file can set its time of modification back, but not that of its last change of any kind.
    return [str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def listed(counts: Counter[str]) -> str:
    """Counts of things in the plural, the five most frequent."""
    most = sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:5]
    return ", ".join(f"{n:,} {what if n > 1 else what.removesuffix('s')}" for what, n in most)
