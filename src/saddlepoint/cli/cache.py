"""`saddle data cache`: what decoded images take up, and making room."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from saddlepoint.cli.common import Flag, Json, print_json
from saddlepoint.errors import UserError

if TYPE_CHECKING:
    from saddlepoint.data.inventory import CachedSet, Unfinished

DAY = 24 * 3600.0  # seconds


def cache(
    source: str | None = None,
    /,
    *,
    unused: Annotated[float | None, Parameter(help="Only what was not used for so many days.")] = None,
    clean: Annotated[Flag, Parameter(help="Remove what would be listed, but for what is in use.")] = False,
    as_json: Json = False,
) -> None:
    """List the decoded sets in the cache; with --clean, remove those that are listed.

    Example: saddle data cache --unused 30 --clean

    Args:
        source: Only the sets of this folder, file or name, or the one whose fingerprint begins so.
    """
    from saddlepoint.data import inventory
    from saddlepoint.data.cache import Cache

    if unused is not None and not unused >= 0:
        raise UserError(f"--unused {unused:g}: give a number of days, 0 or more.")
    store = Cache(None)
    before = time.time() - (unused or 0) * DAY
    sets = [s for s in inventory.cached_sets(store) if unused is None or s.used < before]
    parts = [p for p in inventory.unfinished(store) if unused is None or p.written < before]
    if source is not None:
        sets, parts = [s for s in sets if _is(s, source)], []
        if not sets and unused is None:
            raise UserError(
                f"The cache {store.root} holds no set of {source!r}: `saddle data cache` lists what it has."
            )
    gone = inventory.clean(store, [*sets, *parts]) if clean else []
    if as_json:
        listed = {"sets": [_facts(s) for s in sets], "unfinished": [asdict(p) for p in parts]}
        removed = [each.fingerprint if isinstance(each, inventory.CachedSet) else each.path.name for each in gone]
        print_json({"path": store.root, **listed, "removed": removed})
        return
    for line in [_set_line(s) for s in sets] + [_part_line(p) for p in parts]:
        print(line)
    total, count = sum(each.bytes for each in (*sets, *parts)), len(sets) + len(parts)
    print(f"{store.root}: {count:,} listed, {_bytes(total)}")
    if clean:
        kept = f"; {count - len(gone):,} in use stay" if len(gone) < count else ""
        print(f"Removed {len(gone):,}, {_bytes(sum(each.bytes for each in gone))}{kept}.")


def _is(each: CachedSet, source: str) -> bool:
    path = str(Path(source).expanduser().resolve())
    return source in each.sources or path in each.sources or (len(source) >= 6 and each.fingerprint.startswith(source))


def _facts(each: CachedSet) -> dict[str, Any]:
    return {**asdict(each), "exists": _exists(each.sources[0]), "examples": sum(each.shape[:1])}


def _exists(source: str) -> bool:
    """Whether a source is still there; a known name always is."""
    from saddlepoint.data.find import NAMES

    return source in NAMES or Path(source).exists()


def _set_line(each: CachedSet) -> str:
    rows, shape = sum(each.shape[:1]), each.shape[1:]
    count = f"{rows:,} of {'x'.join(map(str, shape))}" if shape else "damaged"
    latest, *others = each.sources
    state = ", in use" * each.in_use + ", source gone" * (not _exists(latest))
    more = f" (and {len(others):,} more)" if others else ""
    last = f"last used {_date(each.used)}"
    return f"{each.fingerprint[:8]}  {_bytes(each.bytes):>9}  {count}, {last}{state}  {latest}{more}"


def _part_line(each: Unfinished) -> str:
    state = "being prepared" if each.in_use else "left by a process that was stopped"
    return f"{'':8}  {_bytes(each.bytes):>9}  {state}, last written {_date(each.written)}  {each.path}"


def _date(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).astimezone().strftime("%Y-%m-%d %H:%M")


def _bytes(count: int) -> str:
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.1f} MB"
