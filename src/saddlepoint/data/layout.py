"""What the names of files say of splits and classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from saddlepoint.errors import UserError

SPLIT_FOLDERS: dict[str, str] = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}

FILE_SPLITS = SPLIT_FOLDERS | {"dev": "validation", "eval": "test", "evaluation": "test"}


@dataclass(frozen=True, kw_only=True)
class Layout:
    """Per example, in the order of the rows: its name, its split, its label; and the labels' names."""

    names: tuple[str, ...]
    splits: tuple[str, ...]
    labels: npt.NDArray[np.int64] | None
    classes: tuple[str, ...]
    notes: tuple[str, ...] = ()

    def noting(self, *notes: str) -> Layout:
        return replace(self, notes=self.notes + notes)


def arrange(names: Sequence[str], title: str) -> Layout:
    """The layout of files by their sorted, "/"-separated names.

    Folders that hold everything are looked through. Then top folders named train, test, validation are splits
    (there must be a train one and another), and the folder below, or else the top folder, is the class.

    Raises:
        UserError: split folders and others side by side.
    """
    paths = [name.split("/") for name in names]
    while all(len(path) > 1 for path in paths) and len({path[0] for path in paths}) == 1:
        paths = [path[1:] for path in paths]
    short = tuple("/".join(path) for path in paths)

    tops = {path[0] if len(path) > 1 else "" for path in paths}
    known = {top for top in tops if top.lower() in SPLIT_FOLDERS}
    splits = ["train"] * len(paths)
    if len(known) > 1 and "train" in {SPLIT_FOLDERS[top.lower()] for top in known}:
        if others := sorted(tops - known):
            extra = f"{others[0]}/" if others[0] else "images outside them"
            raise UserError(f"{title} has the splits {', '.join(sorted(known))}, but also {extra}: move it into one.")
        splits = [SPLIT_FOLDERS[path[0].lower()] for path in paths]
        paths = [path[1:] for path in paths]

    folders = [path[0] if len(path) > 1 else "" for path in paths]
    classes = tuple(sorted(set(folders) - {""}))
    outside = folders.count("")
    if outside or len(classes) < 2:
        layout = Layout(names=short, splits=tuple(splits), labels=None, classes=())
        if not classes or not outside:
            return layout
        return layout.noting(f"{outside:,} images lie outside the {len(classes)} class folders, so labels are ignored.")
    number = {name: i for i, name in enumerate(classes)}
    labels = np.array([number[folder] for folder in folders], np.int64)
    return Layout(names=short, splits=tuple(splits), labels=labels, classes=classes)


def file_splits(files: Sequence[str], title: str) -> list[str]:
    """The split of each file of many examples, by the last word of its "/"-separated name that says one.

    Raises:
        UserError: some say one and some do not.
    """
    said = [_said(name) for name in files]
    if "train" not in said or len(set(said)) == 1:
        return ["train"] * len(files)
    if None in said:
        others = ", ".join(sorted({split for split in said if split}))
        raise UserError(f"{title} has files for {others}, but {files[said.index(None)]} says none: rename or move it.")
    return [split for split in said if split]


def _said(name: str) -> str | None:
    words = re.findall(r"[a-z]+", name.lower())
    return next((FILE_SPLITS[word] for word in reversed(words) if word in FILE_SPLITS), None)


def check_whole(files: Sequence[str], title: str) -> None:
    """Of files named `a-00000-of-00005`, that all five are there.

    Raises:
        UserError: one is missing.
    """
    parts: dict[tuple[str, str], set[int]] = {}
    for name in files:
        if match := re.search(r"^(.*-)(\d+)(-of-\d+)", name):
            parts.setdefault((match[1], match[3]), set()).add(int(match[2]))
    for (before, after), held in parts.items():
        count = after.removeprefix("-of-")
        if len(held) < int(count):
            first = next(i for i in range(int(count)) if i not in held)
            raise UserError(f"{title} lacks {before}{first:0{len(count)}d}{after}, though its other parts are there.")


def label(
    names: Sequence[str], splits: Sequence[str], values: Sequence[int | str | None], classes: Sequence[str]
) -> Layout:
    """The layout of examples that bring labels of their own: numbers into `classes`, or, without these, any values.

    If one has none, labels are ignored and that is noted; one class for all is none.
    """
    layout = Layout(names=tuple(names), splits=tuple(splits), labels=None, classes=())
    lacking = [name for name, value in zip(names, values, strict=True) if value is None]
    if lacking:
        if len(lacking) == len(names):
            return layout
        return layout.noting(f"{len(lacking):,} examples have no label (first {lacking[0]}), so labels are ignored.")
    if not classes:
        held = {value for value in values if value is not None}
        if len(held) < 2:
            return layout
        numbers = all(isinstance(value, int) for value in held)
        order = sorted(held, key=lambda value: (int(value), "") if numbers else (0, str(value)))
        number = {value: i for i, value in enumerate(order)}
        values, classes = [number[value] for value in values if value is not None], [str(value) for value in order]
    return replace(layout, labels=np.array(values, np.int64), classes=tuple(classes))
