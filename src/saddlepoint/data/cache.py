"""Decoded rows on disk: whole or absent, whatever stops the process that writes them, and prepared by one at a time.

    sets/<fingerprint>/      rows.npy, splits.npy, labels.npy, meta.json: written once, never changed
    sets/.part-<of>-<stamp>/ a set in the making (`saddlepoint.data.draft`)
    sets/.lock-<of>-<stamp>  held by the process that makes it
    seen/<stamp>             which set a source gave when it had this stamp
    downloads/               published files

A reader holds a shared lock on the rows for as long as they are mapped, so that cleaning passes them by.
"""

from __future__ import annotations

import errno
import json
import os
import re
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

from saddlepoint.data.draft import Draft, tidy
from saddlepoint.data.locks import grab, only_holder, release, try_hold
from saddlepoint.errors import UserError
from saddlepoint.files import sha256, sync

STALE = 24 * 3600  # seconds after which what a killed process left is swept away


class DamagedError(UserError):
    """A cached set is not what was written."""


class ReadOnlyError(UserError):
    """Nothing may be written in the cache."""


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
            if time.time() - last_written(left) > STALE:
                remove(left)


def last_written(path: Path) -> float:
    """When anything in it was, in seconds; a folder's own time does not move as its files grow."""
    return max(each.stat().st_mtime for each in (path, *(path.iterdir() if path.is_dir() else ())))


def remove(path: Path) -> None:
    with suppress(FileNotFoundError):
        shutil.rmtree(path) if path.is_dir() else path.unlink()


@dataclass(frozen=True, kw_only=True)
class Stored:
    """One decoded set: uint8 rows (N, H, W, C), memory-mapped; split codes (N,); labels (N,) or None; the rest."""

    fingerprint: str
    rows: npt.NDArray[np.uint8]
    splits: npt.NDArray[np.uint8]
    labels: npt.NDArray[np.int64] | None
    meta: dict[str, Any]


class Cache:
    """The data folder of a cache."""

    def __init__(self, root: Path | None) -> None:
        self.root = (root or default_root()) / "data"
        self.sets, self.seen = self.root / "sets", self.root / "seen"

    @property
    def downloads(self) -> Path:
        return self.root / "downloads"

    # Sets ---------------------------------------------------------------------------------------

    def recall(self, stamp: str) -> str | None:
        """The fingerprint noted for a stamp."""
        noted = read_note(self.seen / stamp)
        if noted is None:
            return None
        with suppress(OSError):  # a cache may be read-only
            os.utime(self.seen / stamp)  # when it was last used
        return noted.fingerprint

    def note(self, stamp: str, fingerprint: str, source: str) -> None:
        """Remember what a source gave."""
        with self._errors():
            self.seen.mkdir(parents=True, exist_ok=True)
            part = self.seen / f".part-{secrets.token_hex(4)}"
            part.write_text(json.dumps({"fingerprint": fingerprint, "source": source}), encoding="utf-8")
            os.replace(part, self.seen / stamp)

    def open(self, fingerprint: str) -> Stored | None:
        """The set of this fingerprint, which nobody removes while it is mapped; None if there is none.

        Raises:
            DamagedError: it is not what was written. Of the rows only the size is checked, of all else the content.
            UserError: it cannot be read.
        """
        folder = self.sets / fingerprint
        try:
            with (folder / "rows.npy").open("rb") as file:
                grab(file.fileno(), shared=True, wait=True)
                rows = _map(file)
            meta = json.loads((folder / "meta.json").read_text(encoding="utf-8"))
            splits, labels = (_array(folder / name, meta["sha256"]) for name in ("splits.npy", "labels.npy"))
            if splits is None or len(splits) != len(rows) or meta.keys() < {"classes", "bad", "notes"}:
                raise ValueError("parts are missing")
        except FileNotFoundError as error:
            if not folder.exists():
                return None
            raise DamagedError(f"The cached set {folder} is damaged (a file is missing): delete it.") from error
        except OSError as error:
            raise UserError(f"The cached set {folder} cannot be read: {error.strerror or error}.") from error
        except (ValueError, TypeError, KeyError, EOFError) as error:
            raise DamagedError(f"The cached set {folder} is damaged ({error}): delete it.") from error
        return Stored(fingerprint=fingerprint, rows=rows, splits=splits, labels=labels, meta=meta)

    def in_use(self, fingerprint: str) -> bool:
        """Whether a living process has the rows mapped; where there are no locks, it cannot be told and is False."""
        with suppress(FileNotFoundError), (self.sets / fingerprint / "rows.npy").open("rb") as rows:
            return grab(rows.fileno()) is False
        return False

    def discard(self, fingerprint: str) -> None:
        """Remove a set. Whoever has it mapped keeps it; whoever comes too late finds none, and makes it."""
        gone = self.sets / f".part-gone-{secrets.token_hex(4)}"
        with self._errors(), suppress(FileNotFoundError):
            (self.sets / fingerprint).rename(gone)
            remove(gone)

    # Drafts -------------------------------------------------------------------------------------

    @contextmanager
    def alone(self, of: str, stamp: str, waiting: Callable[[float], None]) -> Generator[Path]:
        """Be the only process that prepares what a source is at this stamp; yields the folder to do it in.

        of: names the source and its options, stamp: its state too; both in hex. Where there are no locks each
        process has a folder of its own, and the second to finish uses the first one's set.

        Raises:
            ReadOnlyError: nothing may be written here.
            UserError: the folder cannot be made.
        """
        name = f"{of[:16]}-{stamp[:32]}"
        with self._errors():
            self.sets.mkdir(parents=True, exist_ok=True)
            with only_holder(self.sets / f".lock-{name}", waiting) as alone:
                yield self.sets / (f".part-{name}" if alone else f".part-{name}-{secrets.token_hex(4)}")

    @contextmanager
    def draft(self, folder: Path) -> Generator[Draft]:
        """Take up or begin the draft in this folder.

        It stays there to be taken up again if the process is stopped or killed, or if a bad picture is met after
        long decoding; not if the disk is at fault.
        """
        self._sweep(folder.name[: len(".part-") + 16])
        folder.mkdir(exist_ok=True)
        draft = Draft(folder)
        try:
            yield draft
        except (OSError, UserError) as error:
            draft.close()
            if isinstance(error, OSError) or not draft.noted:
                remove(folder)
            raise
        finally:
            draft.close()

    def check_room(self, folder: Path, shape: tuple[int, ...]) -> None:
        """
        Raises:
            UserError: rows of this shape do not fit on the disk beside what the draft has already.
        """
        rows = folder / "rows.npy"
        held = getattr(rows.stat(), "st_blocks", 0) * 512 if rows.exists() else 0
        needed, free = int(np.prod(shape, dtype=np.int64)) - held, shutil.disk_usage(folder).free
        if needed > free:
            raise UserError(
                f"The cache folder {self.root} needs {needed / 1e9:.1f} GB and its disk has {free / 1e9:.1f}: "
                "choose a smaller size, or another folder with SADDLE_CACHE."
            )

    def publish(self, draft: Draft, fingerprint: str) -> None:
        """Make a finished draft the set of this fingerprint, unless another process did."""
        final = self.sets / fingerprint
        try:
            draft.folder.rename(final)
            sync(self.sets)
            tidy(final)
        except OSError:
            if not (final / "meta.json").is_file():
                raise
            remove(draft.folder)

    def remove_if_dead(self, part: Path) -> bool:
        """Remove a draft unless its process lives; where that cannot be told, unless it was written of late."""
        lock = part.with_name(part.name.replace(".part-", ".lock-"))
        held = try_hold(lock)
        if held is False or (held is None and time.time() - last_written(part) <= STALE):
            return False
        remove(part)
        if held is not None:
            release(lock, held)
        return True

    def _sweep(self, same: str) -> None:
        """Remove dead drafts: old ones, and those whose name begins the same, for that source has changed since."""
        for part in self.sets.glob(".part-*"):
            with suppress(FileNotFoundError):  # another process may sweep too
                if part.name.startswith(same) or time.time() - last_written(part) > STALE:
                    self.remove_if_dead(part)
        for lock in self.sets.glob(".lock-*"):
            if not lock.with_name(lock.name.replace(".lock-", ".part-")).exists():
                held = try_hold(lock)
                if held:
                    release(lock, held)

    @contextmanager
    def _errors(self) -> Generator[None]:
        try:
            yield
        except OSError as error:
            kind = ReadOnlyError if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS) else UserError
            raise kind(
                f"The cache folder {self.root} cannot be written ({error.strerror or error}): "
                "name another with the environment variable SADDLE_CACHE."
            ) from error


@dataclass(frozen=True, kw_only=True)
class Note:
    """What a source gave."""

    fingerprint: str
    source: str


def read_note(path: Path) -> Note | None:
    """None if there is none, or a damaged one."""
    try:
        noted = json.loads(path.read_text(encoding="utf-8"))
        whole = re.fullmatch("[0-9a-f]{64}", noted["fingerprint"])
        return Note(fingerprint=noted["fingerprint"], source=noted["source"]) if whole else None
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _map(file: BinaryIO) -> npt.NDArray[np.uint8]:
    """The rows of an open .npy file (version 1.0), mapped; the map keeps a duplicate of the file open."""
    np.lib.format.read_magic(file)
    shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    length = file.tell() + int(np.prod(shape, dtype=np.int64))
    if dtype != np.uint8 or len(shape) != 4 or length != os.fstat(file.fileno()).st_size:
        raise ValueError("the rows are cut short or are no rows")
    return np.memmap(file, np.uint8, "r", file.tell(), shape).view(np.ndarray)


def _array(path: Path, sums: dict[str, str]) -> npt.NDArray[Any] | None:
    if path.name not in sums:
        return None
    if sha256(path) != sums[path.name]:
        raise ValueError(f"{path.name} has changed")
    return np.load(path, allow_pickle=False)
