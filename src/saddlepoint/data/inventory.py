"""What a cache holds, and taking things out of it."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from saddlepoint.data.cache import Cache, DamagedError, last_written, read_note, remove
from saddlepoint.data.locks import release, try_hold


@dataclass(frozen=True, kw_only=True)
class CachedSet:
    """A decoded set. sources: what gave it, the latest first; used: when last, seconds since 1970."""

    fingerprint: str
    sources: tuple[str, ...]
    shape: tuple[int, ...]
    """(N, H, W, C), empty if it is damaged."""
    bytes: int
    used: float
    in_use: bool


@dataclass(frozen=True, kw_only=True)
class Unfinished:
    """A set in the making, by a process that lives or not; what is there is taken up by the next load."""

    path: Path
    bytes: int
    written: float
    in_use: bool


def cached_sets(cache: Cache) -> list[CachedSet]:
    """All of them, the last used first."""
    used: dict[str, list[tuple[float, str]]] = {}
    for path in cache.seen.glob("[!.]*"):
        if note := read_note(path):
            used.setdefault(note.fingerprint, []).append((path.stat().st_mtime, note.source))
    found: list[CachedSet] = []
    for folder in cache.sets.glob("[!.]*"):
        in_use = cache.in_use(folder.name)  # before it is opened here
        shape, seen = (), sorted(used.get(folder.name, []), reverse=True)
        try:
            stored = cache.open(folder.name)
            if stored is None:
                continue
            shape = stored.rows.shape
            seen = seen or [(folder.stat().st_mtime, stored.meta.get("source", "unknown"))]
        except DamagedError:
            seen = seen or [(folder.stat().st_mtime, "unknown")]
        found.append(
            CachedSet(
                fingerprint=folder.name,
                sources=tuple(dict.fromkeys(source for _, source in seen)),
                shape=shape,
                bytes=size(folder),
                used=seen[0][0],
                in_use=in_use,
            )
        )
    return sorted(found, key=lambda each: -each.used)


def unfinished(cache: Cache) -> list[Unfinished]:
    """What is being made, or was left by a killed process; the last written first."""
    found: list[Unfinished] = []
    for part in cache.sets.glob(".part-*"):
        lock = part.with_name(part.name.replace(".part-", ".lock-"))
        held = try_hold(lock) if lock.exists() else None
        if held:
            release(lock, held)
        found.append(Unfinished(path=part, bytes=size(part), written=last_written(part), in_use=held is False))
    return sorted(found, key=lambda each: -each.written)


def clean(cache: Cache, chosen: Sequence[CachedSet | Unfinished]) -> list[CachedSet | Unfinished]:
    """Remove what no living process uses, and the notes of what was seen of it. Returns what is gone.

    Raises:
        UserError: the cache cannot be written.
    """
    gone: list[CachedSet | Unfinished] = []
    for each in chosen:
        if isinstance(each, Unfinished):
            if cache.remove_if_dead(each.path):
                gone.append(each)
        elif not cache.in_use(each.fingerprint):
            cache.discard(each.fingerprint)
            gone.append(each)
    fingerprints = {each.fingerprint for each in gone if isinstance(each, CachedSet)}
    for path in cache.seen.iterdir() if fingerprints else ():
        note = read_note(path)
        if note is None or note.fingerprint in fingerprints:
            remove(path)
    return gone


def size(path: Path) -> int:
    """Bytes on disk of what is in it; a file that is not filled yet takes less than its length."""
    stats = [each.stat() for each in path.rglob("*") if each.is_file()] if path.is_dir() else []
    return sum(stat.st_size if sys.platform == "win32" else min(stat.st_size, stat.st_blocks * 512) for stat in stats)
