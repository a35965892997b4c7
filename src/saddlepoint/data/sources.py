"""Where encoded pictures come from. Every source can be told apart cheaply, listed by streaming, and laid out."""

from __future__ import annotations

import os
import tarfile
import unicodedata
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from saddlepoint.data.layout import Layout, arrange
from saddlepoint.data.picture import EXTENSIONS, Encoded
from saddlepoint.errors import UserError

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

    def layout(self, names: Sequence[str]) -> Layout:
        if not names:
            found = f" (there are {_listed(self.ignored)})" if self.ignored else ""
            raise UserError(
                f"{self.title} holds no images{found}: known extensions are {' '.join(sorted(EXTENSIONS))}."
            )
        layout = arrange(names, self.title)
        return layout.noting(f"Ignored {_listed(self.ignored)}, which are no images.") if self.ignored else layout

    def stamp(self) -> list[list[str | int]]:
        return [_stamp(self.path)]

    def _wanted(self, name: str) -> bool:
        path = PurePosixPath(name)
        if any(part.startswith(".") or part == "__MACOSX" for part in path.parts):
            return False
        if path.suffix.lower() in EXTENSIONS:
            return True
        self.ignored[path.suffix.lower() or "nameless"] += 1
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
            yield name, stat.st_size, Path(path).read_bytes

    def _walk(self) -> list[tuple[str, str, os.stat_result]]:
        self.ignored.clear()
        found: list[tuple[str, str, os.stat_result]] = []
        entered: set[str] = set()
        for folder, below, files in os.walk(self.path, onerror=_refuse, followlinks=True):
            if os.path.realpath(folder) in entered:  # a link back up would never end
                below.clear()
                continue
            entered.add(os.path.realpath(folder))
            for file in files:
                path = os.path.join(folder, file)
                name = _normal(Path(path).relative_to(self.path).as_posix())
                if self._wanted(name):
                    found.append((name, path, _stat(path)))
        return sorted(found)


class Zip(Files):
    """Members of a zip archive, read in place."""

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        self.ignored.clear()
        try:
            archive = zipfile.ZipFile(self.path)  # the readers outlive this generator, and close it with the last
        except (zipfile.BadZipFile, OSError) as error:
            raise UserError(f"{self.title} is not a readable zip archive: {error}.") from error
        for member in archive.infolist():
            name = _normal(member.filename)
            if not member.is_dir() and self._wanted(name):
                yield name, member.file_size, partial(archive.read, member)


class Tar(Files):
    """Members of a tar archive, compressed or not, read from front to back."""

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        import lzma
        import zlib

        self.ignored.clear()
        try:
            with tarfile.open(self.path, "r|*") as archive:
                for member in archive:
                    name = _normal(member.name.removeprefix("./"))
                    if member.isfile() and self._wanted(name):
                        content = archive.extractfile(member)
                        assert content is not None
                        encoded = content.read()
                        yield name, member.size, lambda encoded=encoded: encoded
                # tarfile takes a header that is cut short for the end, so see that the closing block was there
                if archive.fileobj.tell() < archive.offset + tarfile.BLOCKSIZE:
                    raise tarfile.ReadError("it ends without its closing block, as if cut short")
        except (tarfile.TarError, EOFError, OSError, lzma.LZMAError, zlib.error) as error:
            raise UserError(f"{self.title} is not a readable tar archive: {error}.") from error


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
        return [_stamp(path) for path in self.paths]

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        for split, part in self._read().items():
            for i, image in enumerate(part.rows):
                yield f"{split}/{i:09d}", image.nbytes, lambda image=image: np.ascontiguousarray(image)

    def layout(self, names: Sequence[str]) -> Layout:
        splits = [name.partition("/")[0] for name in names]
        parts = self._read()
        labels, classes = join_labels([parts[split] for split in sorted(parts)], self.classes)
        return Layout(names=tuple(names), splits=tuple(splits), labels=labels, classes=classes, notes=self.notes)

    def _read(self) -> dict[str, Part]:
        self._parts = self._parts or self.read()
        return self._parts


def _refuse(error: OSError) -> None:
    raise UserError(f"{error.filename} cannot be read: {error.strerror}.") from error


def _normal(name: str) -> str:
    """One spelling for one name: file systems differ in how they compose accents."""
    return unicodedata.normalize("NFC", name)


def _stat(path: str | Path) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError:  # a dangling link, which reading will report by name
        return os.lstat(path)


def _stamp(path: Path) -> list[str | int]:
    stat = path.stat()
    # Who edits a file can set its time of modification back, but not that of its last change of any kind.
    return [str(path), stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns]


def _listed(counts: Counter[str]) -> str:
    return ", ".join(f"{count:,} {suffix} file{'s' * (count > 1)}" for suffix, count in counts.most_common(5))
