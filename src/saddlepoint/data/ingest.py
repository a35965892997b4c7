"""From a source to the cache: two passes, one to know what is there, one to decode it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence

from saddlepoint.config import DataConfig
from saddlepoint.data.cache import Cache, Stored, Writer
from saddlepoint.data.layout import Layout
from saddlepoint.data.parallel import Progress, in_order
from saddlepoint.data.picture import PictureError, Pixels, Shape, decode
from saddlepoint.data.sources import Read, Source
from saddlepoint.data.splits import BAD, deal, encode
from saddlepoint.data.survey import VERSION, Entry, choose_shape, fetch, fingerprint, originals, remarks, survey
from saddlepoint.errors import UserError


def ingest(source: Source, options: DataConfig, cache: Cache, progress: Progress) -> tuple[str, Stored]:
    """The source's decoded set and its fingerprint. Reads the source only if it has changed since it was seen.

    Raises:
        UserError: nothing can be decoded, or something cannot and on_bad=stop.
    """
    stamp = json.dumps([VERSION, source.title, source.stamp(), options.size, options.fit, options.mode])
    key = hashlib.sha256(stamp.encode()).hexdigest()
    known = cache.recall(key)
    if known is None:
        known = _read(source, options, cache, progress)
        cache.note(key, known)
    stored = cache.open(known)
    for name, reason in stored.meta["bad"]:
        _judge(source, options, name, reason)
    return known, stored


def _read(source: Source, options: DataConfig, cache: Cache, progress: Progress) -> str:
    """Bring the source into the cache, unless its like is there already."""
    entries = survey(source, progress)
    layout = source.layout([entry.name for entry in entries])
    for entry in entries:
        if entry.header is None:
            _judge(source, options, entry.name, entry.reason)
    headers = [entry.header for entry in entries if entry.header]
    if not headers:
        raise UserError(
            f"None of the {len(entries):,} images of {source.title} can be decoded: "
            f"{entries[0].name} is {entries[0].reason}."
        )
    shape = choose_shape(headers, options)
    key = fingerprint(entries, layout, shape, options.fit)
    if not cache.holds(key):
        cache.build(
            key, (len(entries), *shape), lambda writer: _fill(writer, source, options, entries, layout, shape, progress)
        )
    return key


def _fill(
    writer: Writer,
    source: Source,
    options: DataConfig,
    entries: Sequence[Entry],
    layout: Layout,
    shape: Shape,
    progress: Progress,
) -> None:
    number = {entry.name: row for row, entry in enumerate(entries)}
    bad: dict[str, str] = {}

    def work(item: tuple[str, int, Read]) -> tuple[str, Pixels | str]:
        name, size, read = item
        try:
            return name, decode(fetch(size, read), shape, options.fit)
        except PictureError as error:
            return name, str(error)

    for done, (name, result) in enumerate(in_order(work, source.stream()), 1):
        if isinstance(result, str):
            _judge(source, options, name, result)
            bad[name] = result
        else:
            bad.pop(name, None)
            writer.row(number[name], result)
        progress(done, len(entries), f"decoding {source.title}")
    codes = encode(layout.splits)
    codes[[number[name] for name in bad]] = BAD
    codes, held_out = deal(codes, originals(entries))
    headers = [entry.header for entry in entries if entry.header]
    meta = {
        "classes": layout.classes,
        "bad": sorted(bad.items()),
        "notes": [*layout.notes, *remarks(entries, layout, codes, shape, options), *held_out],
        "sizes": _ranked(f"{header.height}x{header.width}" for header in headers),
        "modes": _ranked(header.mode for header in headers),
    }
    writer.finish(codes, layout.labels, meta)


def _ranked(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _judge(source: Source, options: DataConfig, name: str, reason: str) -> None:
    if options.on_bad == "stop":
        raise UserError(
            f"{name} of {source.title} cannot be decoded ({reason}): mend it, or leave such files out with on_bad=skip."
        )
