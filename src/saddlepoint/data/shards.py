"""WebDataset: samples in tar archives, members of one sample side by side under one key."""

from __future__ import annotations

import itertools
import math
import os
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from saddlepoint.data.layout import Layout, check_whole, file_splits, label
from saddlepoint.data.picture import EXTENSIONS, MAX_BYTES, Encoded
from saddlepoint.data.sources import Read, is_hidden, listed, normal, stamp_of, tar_members
from saddlepoint.errors import UserError

BRACES = re.compile(r"\{([^{}]*)\}")
RANGE = re.compile(r"(\d+)\.\.(\d+)")
MOST = 100_000  # shards of one pattern


def expand(pattern: str) -> list[str]:
    """`a-{00..02}.tar` and `{cat,dog}.tar` spelled out, as a shell does; zeros in front are kept.

    Raises:
        UserError: braces that do not match, or far too many names.
    """
    fixed = BRACES.split(pattern)
    if any("{" in text or "}" in text for text in fixed[::2]):
        raise UserError(f"{pattern}: braces must be closed and not lie in each other, as in shards-{{000..099}}.tar.")
    choices = [_choices(pattern, text) if i % 2 else [text] for i, text in enumerate(fixed)]
    if math.prod(map(len, choices)) > MOST:
        raise UserError(f"{pattern} means more than {MOST:,} files.")
    return ["".join(parts) for parts in itertools.product(*choices)]


def _choices(pattern: str, text: str) -> Sequence[str]:
    if match := RANGE.fullmatch(text):
        first, last = int(match[1]), int(match[2])
        if last < first or last - first >= MOST:
            raise UserError(f"{pattern}: {{{text}}} must go upwards, over {MOST:,} at most.")
        width = (
            max(len(end) for end in match.groups()) if any(e[0] == "0" and len(e) > 1 for e in match.groups()) else 0
        )
        return [f"{number:0{width}d}" for number in range(first, last + 1)]
    if "," not in text:
        raise UserError(f"{pattern}: {{{text}}} is neither a range like 000..099 nor a list like train,test.")
    return text.split(",")


@dataclass
class _Sample:
    """What the members of one key have brought so far."""

    key: str
    pictures: dict[str, bytes] = field(default_factory=dict[str, bytes])
    size: int = 0
    label: str | None = None


@dataclass
class Shards:
    """Samples of tar archives, read from front to back; one sample is held at a time. The label is what `.cls` says."""

    title: str
    files: tuple[Path, ...]
    names: tuple[str, ...]
    _splits: dict[str, str] = field(default_factory=dict[str, str])
    _labels: dict[str, str | None] = field(default_factory=dict[str, str | None])
    _ignored: Counter[str] = field(default_factory=Counter[str])

    def stamp(self) -> list[list[str | int]]:
        return [stamp_of(path) for path in self.files]

    def stream(self) -> Iterator[tuple[str, int, Read]]:
        self._labels.clear()
        self._ignored.clear()
        self._splits = dict(zip(self.names, file_splits(self.names, self.title), strict=True))
        for shard, path in zip(self.names, self.files, strict=True):
            for sample in self._samples(path):
                if not sample.pictures:
                    self._ignored["pictureless samples"] += 1
                    continue
                name = f"{shard}/{sample.key}.{next(iter(sample.pictures))}"
                if name in self._labels:
                    raise UserError(f"{path} has the key {sample.key} in two places: a sample's members lie together.")
                self._labels[name] = sample.label
                yield name, sample.size, partial(_only, sample)

    def _samples(self, path: Path) -> Iterator[_Sample]:
        sample = None
        for name, size, read in tar_members(path):
            if is_hidden(name):
                continue
            key, suffix = _key(name)
            if sample is None or key != sample.key:
                if sample:
                    yield sample
                sample = _Sample(key)
            if suffix in EXTENSIONS:
                sample.size = max(sample.size, size)
                sample.pictures[suffix[1:]] = read() if size <= MAX_BYTES else b""
            elif suffix == ".cls":
                sample.label = read().decode(errors="backslashreplace").strip() or None
            else:
                self._ignored[f"{suffix or 'nameless'} members"] += 1
        if sample:
            yield sample

    def layout(self, names: Sequence[str]) -> Layout:
        if not names:
            found = f" (there are {listed(self._ignored)})" if self._ignored else ""
            raise UserError(f"{self.title} holds no samples with a picture{found}: {' '.join(sorted(EXTENSIONS))}.")
        values = [self._labels[name] for name in names]
        numbers = all(value is None or re.fullmatch(r"-?[0-9]{1,18}", value) for value in values)
        splits = [self._splits[next(shard for shard in _above(name) if shard in self._splits)] for name in names]
        layout = label(names, splits, [v if v is None or not numbers else int(v) for v in values], ())
        if not any(values):
            layout = layout.noting(
                "The samples have no .cls member, so there are no labels; folders in a shard are none."
            )
        return layout.noting(f"Left aside: {listed(self._ignored)}.") if self._ignored else layout


def find_shards(title: str, files: Sequence[Path]) -> Shards:
    """The shards of a folder, or of a pattern.

    Raises:
        UserError: one is missing.
    """
    missing = [file for file in files if not file.is_file()]
    if missing:
        more = f" (and {len(missing) - 1:,} more of {len(files):,})" if len(missing) > 1 else ""
        raise UserError(f"The shard {missing[0]} is missing{more}.")
    base = os.path.commonpath([file.parent for file in files])
    names = tuple(normal(file.relative_to(base).as_posix()) for file in files)
    check_whole(names, title)
    return Shards(title, tuple(files), names)


def holds_samples(path: Path) -> bool:
    """Whether a tar looks like a shard: a `.cls` member among the first."""
    return any(_key(name)[1] == ".cls" for name, _, _ in itertools.islice(tar_members(path), 20))


def _key(name: str) -> tuple[str, str]:
    """The key of a member and its lower-case suffix: what stands before and after the first dot of its name."""
    folder, slash, file = name.rpartition("/")
    stem, dot, suffix = file.partition(".")
    return folder + slash + stem, dot + suffix.lower()


def _above(name: str) -> Iterator[str]:
    return (name[: match.start()] for match in re.finditer("/", name))


def _only(sample: _Sample) -> Encoded:
    if len(sample.pictures) > 1:
        raise OSError(f"the sample has several pictures, {' and '.join(sample.pictures)}")
    return next(iter(sample.pictures.values()))
