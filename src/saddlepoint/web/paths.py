"""What a visitor may name: runs in the runs folder and files in runs, never a path."""

from __future__ import annotations

import os
import re
from pathlib import Path

from saddlepoint.errors import UserError

NEW = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


class NotThereError(UserError):
    """What was asked for does not exist, or lies outside; a visitor is not told which."""


def existing(root: Path, *names: str) -> Path:
    """The file or folder of these names, each inside the one before.

    A name is one step, so `..`, absolute and hidden ones are none; a link that leads out of `root` is not followed.

    Raises:
        NotThereError: there is no such thing inside `root`.
    """
    path = root.joinpath(*names)
    plain = all(name and Path(name).name == name and not name.startswith(".") and name.isprintable() for name in names)
    if not plain or not path.resolve().is_relative_to(root.resolve()) or not path.exists():
        raise NotThereError(f"There is no {'/'.join(names)!r} here.")
    return path


def run(root: Path, name: str) -> Path:
    """The folder of a run, in which no link leads out of the runs folder: loading it opens files by itself.

    Raises:
        NotThereError: there is no such run, or it holds such a link.
    """
    folder = existing(root, name)
    inside = root.resolve()
    if not (folder / "run.json").exists():
        raise NotThereError(f"There is no run {name!r} here.")
    everything = (Path(place, each) for place, folders, files in os.walk(folder) for each in (*folders, *files))
    for path in everything:  # by os.walk, which minds no checkpoint that a training removes meanwhile
        if path.is_symlink() and not path.resolve().is_relative_to(inside):
            raise NotThereError(f"The run {name!r} holds a link that leads out of the runs folder, so it is not shown.")
    return folder


def new(root: Path, name: str) -> Path:
    """The folder for a new run.

    Raises:
        UserError: the name is not one for a folder, or is taken.
    """
    if not NEW.fullmatch(name):
        raise UserError(
            f"{name!r} cannot name a run: take up to 64 letters, digits, dots, dashes and underscores, "
            "beginning with a letter or digit."
        )
    if (root / name).exists() or (root / name).is_symlink():
        raise UserError(f"There is already a {name!r} here: take another name.")
    return root / name
