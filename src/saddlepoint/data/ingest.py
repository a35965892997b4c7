"""From a source to the cache: two passes, one to know what is there, one to decode it."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from saddlepoint.config import DataConfig
from saddlepoint.data.cache import Cache, DamagedError, ReadOnlyError, Stored
from saddlepoint.data.draft import Draft
from saddlepoint.data.layout import Layout
from saddlepoint.data.parallel import Progress, in_order
from saddlepoint.data.picture import PictureError, Pixels, Shape, decode
from saddlepoint.data.sources import Read, Source
from saddlepoint.data.splits import BAD, deal, encode
from saddlepoint.data.survey import VERSION, Entry, choose_shape, fetch, fingerprint, originals, remarks, survey
from saddlepoint.errors import UserError


def ingest(source: Source, options: DataConfig, cache: Cache, progress: Progress) -> Stored:
    """The source's decoded set. Reads the source only if it has changed since it was seen.

    Of several processes one prepares a set, and the others wait for it. A cache that cannot be written will do if it
    holds the set.

    Raises:
        UserError: nothing can be decoded, or something cannot and on_bad=stop; or the source changes meanwhile.
    """
    meant = [VERSION, source.title, options.size, options.fit, options.mode]
    of, stamp = _digest(meant), _digest([*meant, source.stamp()])

    def waiting(seconds: float) -> None:
        progress(int(seconds), 0, f"another process is preparing {source.title}; seconds waited")

    def unchanged() -> bool:
        return _digest([*meant, source.stamp()]) == stamp

    stored = _recall(cache, stamp)
    if stored is None:
        try:
            with cache.alone(of, stamp, waiting) as place:
                stored = _recall(cache, stamp)
                if stored is None:
                    with cache.draft(place) as draft:
                        stored = _make(source, options, cache, draft, progress, unchanged)
                    cache.note(stamp, stored.fingerprint, source.title)
        except ReadOnlyError as error:
            stored = cache.open(_look(source, options, survey(source, progress)).fingerprint)
            if stored is None:
                raise
            stored.meta["notes"].append(f"The source was read to find its set: {error}")
    for name, reason in stored.meta["bad"]:
        _judge(source, options, name, reason)
    return stored


def _recall(cache: Cache, stamp: str) -> Stored | None:
    try:
        known = cache.recall(stamp)
        return cache.open(known) if known else None
    except DamagedError:  # it is about to be made anew
        return None


@dataclass(frozen=True, kw_only=True)
class _Look:
    """What the first pass found."""

    entries: Sequence[Entry]
    layout: Layout
    shape: Shape
    fingerprint: str


def _look(source: Source, options: DataConfig, entries: Sequence[Entry]) -> _Look:
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
    return _Look(entries=entries, layout=layout, shape=shape, fingerprint=key)


def _make(
    source: Source,
    options: DataConfig,
    cache: Cache,
    draft: Draft,
    progress: Progress,
    unchanged: Callable[[], bool],
) -> Stored:
    """Bring the source into the cache, unless its like is there already."""
    look = _look(source, options, survey(source, progress, draft.entries(), draft.add))
    found, notes = None, list[str]()
    try:
        found = cache.open(look.fingerprint)
    except DamagedError as error:
        cache.discard(look.fingerprint)
        notes.append(f"{str(error).removesuffix(': delete it.')}, so it was made anew.")
    if found is None:
        cache.check_room(draft.folder, (len(look.entries), *look.shape))
        _fill(draft, source, options, look, progress)
    if not unchanged():
        raise _changed(source)
    if found is None:
        cache.publish(draft, look.fingerprint)
        found = cache.open(look.fingerprint)
    else:
        draft.drop()
    if found is None:
        raise UserError(f"The cached set of {source.title} was removed as it was made: start again.")
    found.meta["notes"].extend(notes)
    return found


def _changed(source: Source) -> UserError:
    return UserError(f"{source.title} changed while it was read: start again when it is complete.")


def _fill(draft: Draft, source: Source, options: DataConfig, look: _Look, progress: Progress) -> None:
    entries, layout, shape = look.entries, look.layout, look.shape
    number = {entry.name: row for row, entry in enumerate(entries)}

    def work(item: tuple[str, int, Read]) -> tuple[str, Pixels | str]:
        name, size, read = item
        try:
            return name, decode(fetch(size, read), shape, options.fit)
        except PictureError as error:
            return name, str(error)

    done, bad = draft.begin(look.fingerprint, (len(entries), *shape))
    for name, result in in_order(work, islice(source.stream(), done, None)):
        done += 1
        if name not in number:
            raise _changed(source)
        if isinstance(result, str):
            _judge(source, options, name, result)
            bad[name] = result
        else:
            bad.pop(name, None)
            draft.row(number[name], result)
        draft.keep(done, bad)
        progress(done, len(entries), f"decoding {source.title}")
    codes = encode(layout.splits)
    codes[[number[name] for name in bad]] = BAD
    codes, held_out = deal(codes, originals(entries))
    headers = [entry.header for entry in entries if entry.header]
    meta = {
        "source": source.title,
        "classes": layout.classes,
        "bad": sorted(bad.items()),
        "notes": [*layout.notes, *remarks(entries, layout, codes, shape, options), *held_out],
        "sizes": _ranked(f"{header.height}x{header.width}" for header in headers),
        "modes": _ranked(header.mode for header in headers),
    }
    draft.finish(codes, layout.labels, meta)


def _ranked(values: Iterable[str]) -> dict[str, int]:
    return dict(Counter(values).most_common())


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value).encode()).hexdigest()


def _judge(source: Source, options: DataConfig, name: str, reason: str) -> None:
    if options.on_bad == "stop":
        raise UserError(
            f"{name} of {source.title} cannot be decoded ({reason}): mend it, or leave such files out with on_bad=skip."
        )
