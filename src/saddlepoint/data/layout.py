"""What the names of files say of splits and classes."""

from __future__ import annotations

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
