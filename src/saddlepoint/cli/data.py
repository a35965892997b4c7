"""`saddle data inspect`: what is in a source, before training on it; and its neighbour `saddle data cache`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import App, Parameter

from saddlepoint.cli.cache import cache
from saddlepoint.cli.common import Json, Offline, check_png, make_folder, print_json

if TYPE_CHECKING:
    from saddlepoint.data.load import Inspection

SHOWN = 12  # lines of a long list; --json has all of it
Options = Annotated[str, Parameter(name="key=value", help="Data options, as in train: size=64 fit=pad mode=grey.")]

data = App(name="data", help="Look at data before training on it, and at what is kept of it.")
data.command(cache)


@data.command(usage="Usage: saddle data inspect [OPTIONS] SOURCE [KEY=VALUE...]")
def inspect(
    source: str,
    /,
    *options: Options,
    sheet: Path | None = None,
    offline: Offline = False,
    as_json: Json = False,
) -> None:
    """Say what is in a source: counts, sizes, modes, classes, bad files.

    Example: saddle data inspect photos/ size=64 --sheet photos.png

    Args:
        source: A folder, archive, array or IDX file, or the name of a known set.
        sheet: Write a PNG of examples as a model will see them.
    """
    from saddlepoint.cli.display import watch
    from saddlepoint.config import DataConfig, build, parse_overrides
    from saddlepoint.data import load
    from saddlepoint.files import save_png

    if sheet:
        check_png("--sheet", sheet)
    asked = build(DataConfig, parse_overrides(options))
    with watch() as reporter:
        found = load.inspect(source, asked, offline=offline, progress=reporter.working)
    if sheet:
        make_folder("--sheet", sheet.parent)
        save_png(load.contact_sheet(found), sheet)
    if as_json:
        print_json(facts(found) | {"sheet": sheet})
        return
    _show(found)
    if sheet:
        print(sheet)


def facts(found: Inspection) -> dict[str, Any]:
    """An inspection as plain data."""
    return {
        "source": found.source,
        "examples": str(found.spec),
        "kind": found.spec.kind,
        "shape": found.spec.shape,
        "counts": dict(found.counts),
        "classes": dict(found.classes),
        "sizes": dict(found.sizes),
        "modes": dict(found.modes),
        "bad": [asdict(bad) for bad in found.bad],
        "notes": list(found.notes),
        "fingerprint": found.data.fingerprint,
    }


def _show(found: Inspection) -> None:
    print(f"{found.source}: {found.spec}")
    for title, counts in {
        "Splits": found.counts,
        "Classes": found.classes,
        "Sizes": found.sizes,
        "Modes": found.modes,
    }.items():
        if counts:
            print(f"{title:<8} {_counted(counts)}")
    if found.bad:
        print(f"Bad      {len(found.bad):,} that cannot be decoded (on_bad=skip leaves them out):")
        for bad in found.bad[:SHOWN]:
            print(f"           {bad.name}: {bad.reason}")
        if len(found.bad) > SHOWN:
            print(f"           and {len(found.bad) - SHOWN:,} more")
    for note in found.notes:
        print(note)


def _counted(counts: Mapping[str, int]) -> str:
    """`cat 120, dog 98`, the most frequent first where the list is too long to show whole."""
    items = list(counts.items())
    if len(items) > SHOWN:
        items = sorted(items, key=lambda item: -item[1])
    rest = f", and {len(items) - SHOWN:,} more" if len(items) > SHOWN else ""
    return ", ".join(f"{name} {count:,}" for name, count in items[:SHOWN]) + rest
