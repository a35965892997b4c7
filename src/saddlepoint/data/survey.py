"""The first pass over a source: what each picture is by its header, and the fingerprint of all."""

from __future__ import annotations

import hashlib
import json
import statistics
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import islice

import numpy as np
import numpy.typing as npt

from saddlepoint.config import DataConfig
from saddlepoint.data.layout import Layout
from saddlepoint.data.parallel import Progress, in_order
from saddlepoint.data.picture import (
    MAX_BYTES,
    Encoded,
    Header,
    PictureError,
    Shape,
    parse_size,
    probe,
)
from saddlepoint.data.sources import Read, Source
from saddlepoint.data.splits import Codes

VERSION = 1  # of what a cache holds and how it is decoded; part of every fingerprint


@dataclass(frozen=True, slots=True)
class Entry:
    """One picture: its name, sha256 and header, or why it has none."""

    name: str
    digest: bytes
    header: Header | None
    reason: str = ""


def fetch(size: int, read: Read) -> Encoded:
    """The encoded picture.

    Raises:
        PictureError: it cannot be read, or is too large to be a picture.
    """
    if size > MAX_BYTES:
        raise PictureError(f"{size:,} bytes, more than any picture has")
    try:
        return read()
    except Exception as error:  # a file's OSError, an archive member's checksum, password or compression
        raise PictureError(f"cannot be read: {error}") from error


def survey(
    source: Source, progress: Progress, known: Sequence[Entry] = (), keep: Callable[[Entry], None] | None = None
) -> list[Entry]:
    """Every picture of the source, sorted by name.

    known: those that are first in the stream, which are not read again; keep: called with every other.
    """

    def look(item: tuple[str, int, Read]) -> Entry:
        name, size, read = item
        digest = b""
        try:
            encoded = fetch(size, read)
            digest = _digest(encoded)
            return Entry(name, digest, probe(encoded))
        except PictureError as error:
            return Entry(name, digest, None, str(error))

    entries = {entry.name: entry for entry in known}  # an archive may hold a name twice: the last one counts
    for entry in in_order(look, islice(source.stream(), len(known), None)):
        entries[entry.name] = entry
        if keep:
            keep(entry)
        progress(len(entries), 0, f"reading {source.title}")
    return [entries[name] for name in sorted(entries)]


def _digest(encoded: Encoded) -> bytes:
    if isinstance(encoded, bytes):
        return hashlib.sha256(encoded).digest()
    return hashlib.sha256(repr(encoded.shape).encode() + encoded.tobytes()).digest()


def choose_shape(headers: Sequence[Header], options: DataConfig) -> Shape:
    """Height, width and channels that the options mean for these pictures."""
    sizes = {(header.height, header.width) for header in headers}
    size = parse_size(options.size)
    if size is None and len(sizes) == 1:
        size = sizes.pop()
    if size is None:
        side = min(64, int(statistics.median(min(header.height, header.width) for header in headers)))
        size = side, side
    auto = 1 if all(header.grey for header in headers) else 3
    return *size, {"auto": auto, "grey": 1, "rgb": 3, "rgba": 4}[options.mode]


def fingerprint(entries: Sequence[Entry], layout: Layout, shape: Shape, fit: str) -> str:
    """sha256 in hex of everything that the examples depend on, and of nothing that a copy of them changes."""
    digest = hashlib.sha256(json.dumps([VERSION, shape, fit, layout.classes]).encode())
    for row, (entry, name) in enumerate(zip(entries, layout.names, strict=True)):
        label = -1 if layout.labels is None else int(layout.labels[row])
        digest.update(json.dumps([name, layout.splits[row], label]).encode() + entry.digest)
    if _copies(entries):
        digest.update(b"copies share a split")
    return digest.hexdigest()


def remarks(entries: Sequence[Entry], layout: Layout, splits: Codes, shape: Shape, options: DataConfig) -> list[str]:
    """What a user should know of these pictures, as sentences. splits: where each one is in the end."""
    headers = [entry.header for entry in entries if entry.header]
    notes: list[str] = []
    height, width, channels = shape
    sizes = Counter((header.height, header.width) for header in headers)
    others = sum(count for size, count in sizes.items() if size != (height, width))
    if others:
        verb = {"crop": "cropped and resized", "pad": "resized and padded", "stretch": "stretched"}[options.fit]
        notes.append(f"{others:,} of {len(headers):,} images are {verb} to {height}x{width}.")
    clear = sum(header.transparent for header in headers)
    if clear and channels != 4:
        notes.append(f"{clear:,} images have transparency, laid over white; mode=rgba keeps it.")
    colour = sum(not header.grey for header in headers)
    if colour and channels == 1:
        notes.append(f"{colour:,} colour images are made grey.")
    if several := [
        name for entry, name in zip(entries, layout.names, strict=True) if entry.header and entry.header.several
    ]:
        notes.append(
            f"{len(several):,} images have several frames or pages (first {several[0]}): their first is taken."
        )
    if copies := _copies(entries):
        a, b = copies[0]
        across = sum(splits[a] != splits[b] for a, b in copies)
        at_odds = 0 if layout.labels is None else sum(layout.labels[a] != layout.labels[b] for a, b in copies)
        notes.append(
            f"{len(copies):,} images are exact copies of others (first {layout.names[b]} of {layout.names[a]}), "
            f"{at_odds:,} of them under another label and {across:,} in another split."
        )
    return notes


def _copies(entries: Sequence[Entry]) -> list[tuple[int, int]]:
    """Rows (a, b) such that b has the content of a, and a is the first that has it."""
    return [(int(a), b) for b, a in enumerate(originals(entries)) if a != b]


def originals(entries: Sequence[Entry]) -> npt.NDArray[np.int64]:
    """For every row the first one of the same content, (N,): mostly the row itself."""
    first: dict[bytes, int] = {}
    return np.array([first.setdefault(e.digest, row) if e.header else row for row, e in enumerate(entries)], np.int64)
