"""`load` any source, and `inspect` what is in it."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

import numpy as np
from PIL import Image

from saddlepoint.config import DataConfig
from saddlepoint.data.binarise import binarise
from saddlepoint.data.cache import Cache, Stored
from saddlepoint.data.dataset import BadFile, Data, Examples
from saddlepoint.data.find import NAMES, Points, find, stacked_of
from saddlepoint.data.hold_out import hold_out
from saddlepoint.data.ingest import ingest
from saddlepoint.data.parallel import Progress
from saddlepoint.data.picture import parse_size
from saddlepoint.data.sources import join_labels
from saddlepoint.data.splits import SPLITS, Codes, deal, encode
from saddlepoint.data.stacked import stack
from saddlepoint.data.survey import VERSION
from saddlepoint.data.toy import TOYS
from saddlepoint.errors import UserError
from saddlepoint.pictures import wall
from saddlepoint.types import DataSpec

FEW = 1000  # training images below which a generator can learn them by heart


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What is in a source.

    counts: examples by split; classes: examples by class, all splits together; sizes ("48x64", height first) and
    modes (Pillow's names): pictures by what their headers say. `data` is the source loaded, bad files left out.
    """

    source: str
    spec: DataSpec
    counts: Mapping[str, int]
    classes: Mapping[str, int]
    sizes: Mapping[str, int]
    modes: Mapping[str, int]
    bad: tuple[BadFile, ...]
    notes: tuple[str, ...]
    data: Data


def load(
    source: str | Path,
    options: DataConfig = DataConfig(),  # noqa: B008 (frozen)
    *,
    offline: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Data:
    """Examples of one shape, in three splits.

    source: a folder, .zip or .tar of images (class folders are labels; train and test folders are splits), WebDataset
    shards (a folder or a pattern like `a-{000..099}.tar`), parquet files or a saved Hugging Face dataset, CIFAR
    batches, IDX files, .npy or .npz, or a name: digits, mnist, fashion-mnist, cifar10, a toy of `saddlepoint.data.toy`,
    or stacked-digits, stacked-mnist, or `stacked:PATH` of a labelled set (see `saddlepoint.data.stacked`). A published
    set is downloaded the first time unless `offline`. Images are decoded once,
    into `cache` (default: $SADDLE_CACHE or the platform's cache folder); points stay in memory. What the source does
    not set aside for test and validation is held out by `saddlepoint.data.splits`.

    Raises:
        UserError: there is no such source, it cannot be read, or one of its files cannot (unless on_bad=skip).
    """
    return _load(source, options, offline, cache, progress)[0]


def inspect(
    source: str | Path,
    options: DataConfig = DataConfig(),  # noqa: B008 (frozen)
    *,
    offline: bool = False,
    cache: Path | None = None,
    progress: Progress | None = None,
) -> Inspection:
    """What is in a source, bad files included, and what `load` makes of it; leaves the cache ready to train from.

    Raises:
        UserError: there is no such source, or it holds nothing that can be used.
    """
    options = options.model_copy(update={"on_bad": "skip"})
    data, meta = _load(source, options, offline, cache, progress)
    splits = {"train": data.train, "validation": data.validation, "test": data.test}
    numbers = np.zeros(len(data.spec.classes), np.int64)
    for examples in splits.values():
        if examples.labels is not None:
            numbers += np.bincount(examples.labels[examples.index], minlength=len(numbers))
    return Inspection(
        source=data.source,
        spec=data.spec,
        counts={name: len(examples) for name, examples in splits.items()},
        classes={name: int(n) for name, n in zip(data.spec.classes, numbers, strict=True)},
        sizes=meta.get("sizes", {}),
        modes=meta.get("modes", {}),
        bad=data.bad,
        notes=data.notes,
        data=data,
    )


def contact_sheet(data: Data | Inspection, count: int = 64) -> Image.Image:
    """Training examples, evenly spaced, as one picture of what a model is going to see."""
    train = data.data.train if isinstance(data, Inspection) else data.train
    if train.spec.kind == "points":
        return wall(train.x(slice(None)))
    return wall(train.x(np.linspace(0, len(train) - 1, min(count, len(train))).astype(np.int64)))


def _load(
    source: str | Path, options: DataConfig, offline: bool, cache: Path | None, progress: Progress | None
) -> tuple[Data, dict[str, Any]]:
    """The data, and the rest of what the cache knows of it."""
    parse_size(options.size)
    report = progress or _silent
    if (digits := stacked_of(source)) is not None:
        return _stacked(source, digits, options, offline, cache, progress), {}
    store = Cache(cache)
    found = find(source, store.downloads, offline=offline, progress=report)
    if isinstance(found, Points):
        return _points(found, options), {}
    stored = ingest(found, options, store, report)
    images = hold_out(_images(found.title, options, stored), options.validation)
    return binarise(images, options.binarise), stored.meta


def _stacked(
    source: str | Path, digits: str, options: DataConfig, offline: bool, cache: Path | None, progress: Progress | None
) -> Data:
    if options.mode not in ("auto", "rgb"):
        raise UserError(f"mode={options.mode}: {source} stacks grey pictures into RGB ones.")
    if options.binarise != "none":
        raise UserError(f"binarise={options.binarise}: {source} stacks grey pictures.")
    data = _load(digits, options.model_copy(update={"mode": "grey"}), offline, cache, progress)[0]
    return replace(stack(data, str(source) if source in NAMES else f"stacked:{data.source}"), options=options)


def _silent(done: int, total: int, what: str) -> None:
    pass


def _images(title: str, options: DataConfig, stored: Stored) -> Data:
    height, width, channels = stored.rows.shape[1:]
    spec = DataSpec(shape=(channels, height, width), classes=tuple(stored.meta["classes"]))
    if options.shift >= (side := min(height, width)):
        raise UserError(f"shift={options.shift} moves images of {height}x{width} out of sight: give less than {side}.")
    bad = tuple(BadFile(name=name, reason=reason) for name, reason in stored.meta["bad"])
    data = Data(
        spec=spec,
        source=title,
        fingerprint=stored.fingerprint,
        options=options,
        **_split(spec, stored.splits, stored.rows, stored.labels),
        bad=bad,
        notes=tuple(stored.meta["notes"]),
    )
    count = len(data.train)
    if not count:
        raise UserError(f"{title} holds no images to train on, only {len(data.test):,} for testing.")
    if count >= FEW:
        return data
    few = (
        f"{count:,} training images are few: a model may learn them by heart; look at its samples' nearest neighbours."
    )
    return replace(data, notes=(*data.notes, few))


def _points(found: Points, options: DataConfig) -> Data:
    for key in sorted(options.model_fields_set - {"on_bad", "labels"}):
        if getattr(options, key) != DataConfig.model_fields[key].default:
            raise UserError(f"{key}={getattr(options, key)}: {found.title} holds points, and that is for images.")
    splits = [split for split in SPLITS if split in found.parts]
    parts = [found.parts[split] for split in splits]
    if len({part.rows.shape[1] for part in parts}) > 1:
        raise UserError(f"{found.title}: the splits' points have different dimensions.")
    rows = np.concatenate([part.rows for part in parts])
    labels, classes = join_labels(parts, ())
    codes = encode(split for split, part in zip(splits, parts, strict=True) for _ in range(len(part.rows)))
    digest = hashlib.sha256(repr((VERSION, rows.shape, classes)).encode() + codes.tobytes() + rows.tobytes())
    digest.update(b"" if labels is None else labels.tobytes())
    codes, notes = deal(codes)
    spec = DataSpec(shape=(rows.shape[1],), kind="points", classes=classes)
    return Data(
        spec=spec,
        source=found.title,
        fingerprint=digest.hexdigest(),
        options=options,
        **_split(spec, codes, rows, labels),
        notes=tuple(notes),
        truth=TOYS.get(found.title),
    )


class _Splits(TypedDict):
    train: Examples
    validation: Examples
    test: Examples


def _split(spec: DataSpec, codes: Codes, rows: Any, labels: Any) -> _Splits:
    train, validation, test = (
        Examples(spec=spec, index=np.flatnonzero(codes == code).astype(np.int64), rows=rows, labels=labels)
        for code in range(len(SPLITS))
    )
    return {"train": train, "validation": validation, "test": test}
