"""Decoded rows on disk: whole or absent, whatever stops the process that writes them."""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import UserError

STALE = 24 * 3600  # seconds after which what a killed process left is swept away


def default_root() -> Path:
    """$SADDLE_CACHE, or the platform's cache folder for saddlepoint."""
    if named := os.environ.get("SADDLE_CACHE"):
        return Path(named).expanduser()
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Caches" / "saddlepoint"
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA", Path.home())) / "saddlepoint" / "Cache"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "saddlepoint"


def sweep(folder: Path) -> None:
    """Remove what processes killed at their writing left behind."""
    for left in folder.glob(".part-*"):
        with suppress(FileNotFoundError):  # another process may sweep too
            if time.time() - left.stat().st_mtime > STALE:
                shutil.rmtree(left) if left.is_dir() else left.unlink()


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One decoded set: uint8 rows (N, H, W, C), memory-mapped; split codes (N,); labels (N,) or None; the rest."""

    rows: npt.NDArray[np.uint8]
    splits: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    meta: dict[str, Any]


class Cache:
    """The data folder of a cache: `sets/<fingerprint>/`, `seen/<stamp>` and `downloads/`."""

    def __init__(self, root: Path | None) -> None:
        self.root = (root or default_root()) / "data"

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    def recall(self, stamp: str) -> str | None:
        """The fingerprint noted for a stamp, if its set is there."""
        try:
            noted = (self.root / "seen" / stamp).read_text()
        except (OSError, ValueError):  # gone, or damaged
            return None
        return noted if self.holds(noted) else None

    def note(self, stamp: str, fingerprint: str) -> None:
        with self._errors():
            seen = self.root / "seen"
            seen.mkdir(parents=True, exist_ok=True)
            part = seen / f".{stamp}-{secrets.token_hex(4)}"
            part.write_text(fingerprint)
            os.replace(part, seen / stamp)

    def holds(self, fingerprint: str) -> bool:
        return bool(fingerprint) and (self.root / "sets" / fingerprint / "meta.json").is_file()

    def open(self, fingerprint: str) -> Stored:
        """
        Raises:
            UserError: the set is damaged.
        """
        folder = self.root / "sets" / fingerprint
        try:
            labels = folder / "labels.npy"
            rows = np.load(folder / "rows.npy", mmap_mode="r", allow_pickle=False)
            return Stored(
                rows=rows.view(np.ndarray),
                splits=np.load(folder / "splits.npy", allow_pickle=False),
                labels=np.load(labels, allow_pickle=False) if labels.exists() else None,
                meta=json.loads((folder / "meta.json").read_text(encoding="utf-8")),
            )
        except (OSError, ValueError, EOFError) as error:
            raise UserError(f"The cached set {folder} is damaged ({error}): delete it.") from error

    def build(self, fingerprint: str, shape: tuple[int, ...], fill: Callable[[Writer], None]) -> None:
        """Store a set of rows of this shape (N, H, W, C); `fill` writes them and returns when all is written.

        Everything goes to a temporary folder, which is renamed when it is safely on disk. Of two processes that
        build the same set, the second to finish uses the first one's.

        Raises:
            UserError: the folder cannot be written, or the disk is too small.
        """
        sets = self.root / "sets"
        final = sets / fingerprint
        part = sets / f".part-{fingerprint[:16]}-{secrets.token_hex(4)}"
        try:
            with self._errors():
                part.mkdir(parents=True)
                sweep(sets)
                needed, free = int(np.prod(shape, dtype=np.int64)), shutil.disk_usage(sets).free
                if needed > free:
                    raise UserError(
                        f"The cache folder {self.root} needs {needed / 1e9:.1f} GB and its disk has {free / 1e9:.1f}: "
                        "choose a smaller size, or another folder with SADDLE_CACHE."
                    )
                with (part / "rows.npy").open("wb") as file:
                    fill(Writer(part, file, shape))
                    _sync(file)
                try:
                    part.rename(final)
                except OSError:
                    if not self.holds(fingerprint):
                        raise
        finally:
            shutil.rmtree(part, ignore_errors=True)

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            raise UserError(
                f"The cache folder {self.root} cannot be written ({error.strerror or error}): "
                "name another with the environment variable SADDLE_CACHE."
            ) from error


class Writer:
    """Writes rows in any order, by ordinary writes: a full disk is then an error, not a killed process."""

    def __init__(self, folder: Path, file: BinaryIO, shape: tuple[int, ...]) -> None:
        self._folder, self._file = folder, file
        np.lib.format.write_array_header_1_0(file, {"descr": "|u1", "fortran_order": False, "shape": shape})
        self._start, self._row = file.tell(), int(np.prod(shape[1:], dtype=np.int64))
        file.truncate(self._start + shape[0] * self._row)

    def row(self, number: int, pixels: npt.NDArray[np.uint8]) -> None:
        self._file.seek(self._start + number * self._row)
        self._file.write(pixels.tobytes())

    def finish(self, splits: npt.NDArray[np.uint8], labels: npt.NDArray[np.int64] | None, meta: dict[str, Any]) -> None:
        for name, array in {"splits.npy": splits, "labels.npy": labels}.items():
            if array is not None:
                with (self._folder / name).open("wb") as file:
                    np.save(file, array, allow_pickle=False)
                    _sync(file)
        with (self._folder / "meta.json").open("wb") as file:
            file.write(json.dumps(meta, ensure_ascii=False, indent=1).encode())
            _sync(file)


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
