"""The run directory: what a training leaves behind, and how to find one's way in it."""

from __future__ import annotations

import errno
import json
import os
import re
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint import checkpoint
from saddlepoint.errors import UserError
from saddlepoint.files import read_json, read_jsonl, write_json, write_text
from saddlepoint.manifest import check

MANIFEST = "run.json"
BEST = "best.json"
PARTS = ("samples", "checkpoints")
LEFTOVER = re.compile(r"\..+\.\d+")
"""What is being written is called `.name.process`; a kill leaves it behind."""


def new_folder(name: str, root: Path = Path("runs")) -> Path:
    """The first unused `runs/<name>`, `runs/<name>-2`, ..."""
    folder, count = root / name, 1
    while folder.exists():
        count += 1
        folder = root / f"{name}-{count}"
    return folder


def check_new(folder: Path) -> None:
    """Refuse a folder that a new run would overwrite, or that cannot be written.

    Raises:
        UserError: it holds a run, or anything else, or its place is not for us to write in.
    """
    if (folder / MANIFEST).exists():
        raise UserError(
            f"{folder} already holds a run: continue it with `saddle resume {folder}`, or give another --out."
        )
    if folder.is_symlink() and not folder.exists():
        raise UserError(f"{folder} is a link to nowhere: give a new folder to --out.")
    if folder.exists() and (not folder.is_dir() or not all(LEFTOVER.fullmatch(p.name) for p in folder.iterdir())):
        raise UserError(f"{folder} already exists and is no run: give a new folder to --out.")
    place = next(p for p in (folder, *folder.absolute().parents) if p.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        why = "is not writable" if place.is_dir() else "is not a folder"
        raise UserError(f"{folder} cannot be written: {place} {why}; give another folder to --out.")


def create(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make the run's folder with its manifest.

    Raises:
        UserError: the folder is taken or cannot be written; nothing is left of it then.
    """
    check_new(folder)
    absent = [p for p in (folder, *folder.parents) if not p.exists()]
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_json(folder / MANIFEST, manifest)  # first, for what holds it is a run, whatever happens next
        tidy(folder)
    except OSError as error:
        for begun in [absent[-1]] if absent else [folder / name for name in (MANIFEST, *PARTS)]:
            shutil.rmtree(begun) if begun.is_dir() else begun.unlink(missing_ok=True)
        raise UserError(f"{folder} cannot be written ({error.strerror}): give another folder to --out.") from None


def tidy(folder: Path) -> None:
    """Sweep what a kill left half-written, and make the folders it came before."""
    for place in (folder, *(folder / name for name in PARTS)):
        place.mkdir(exist_ok=True)
        for left in place.iterdir():
            if LEFTOVER.fullmatch(left.name):
                shutil.rmtree(left) if left.is_dir() else left.unlink()


def manifest(folder: Path) -> dict[str, Any]:
    """The run's run.json.

    Raises:
        UserError: the folder holds no run, or its run.json is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise UserError(f"{folder} holds no run: there is no {MANIFEST} in it.")
    return check(read_json(path), path)


def checkpoints(folder: Path) -> list[Path]:
    """The run's whole checkpoints, oldest first."""
    named = (p for p in (folder / "checkpoints").glob("*") if re.fullmatch(r"[0-9]{1,18}", p.name))
    return sorted((p for p in named if (p / checkpoint.STATE).exists()), key=lambda p: int(p.name))


def find_checkpoint(folder: Path, which: str | int = "latest") -> Path:
    """The `latest` checkpoint, the `best` by the run's metric, or the one at so many images.

    Raises:
        UserError: there is none such; it lists those there are.
    """
    there = checkpoints(folder)
    if not there:
        raise UserError(f"{folder} has no checkpoint yet.")
    if which == "latest":
        return there[-1]
    name = str(best(folder).get("images")) if which == "best" else str(which)
    for path in there:
        if path.name == name:
            return path
    if which == "best":
        raise UserError(f"{folder} has no best checkpoint: it was trained without evaluate_every.")
    raise UserError(f"{folder} has no checkpoint {which!r}: there are {', '.join(p.name for p in there)}.")


def best(folder: Path) -> dict[str, Any]:
    """Which checkpoint scored best: {"images", "metric", "value"}, or nothing yet.

    Raises:
        UserError: best.json is damaged.
    """
    path = folder / BEST
    if not path.exists():
        return {}
    found = read_json(path)
    if not isinstance(found.get("images"), int) or not isinstance(found.get("value"), int | float):
        raise UserError(f"{path} is damaged: it must name images and value; delete it and the next best is kept.")
    return found


def set_best(folder: Path, images: int, metric: str, value: float) -> None:
    write_json(folder / BEST, {"images": images, "metric": metric, "value": value})


def refused(error: OSError, folder: Path) -> UserError:
    """What to say when the disk ended a training: what is safe, and how to go on."""
    there = checkpoints(folder)
    safe = f"the last checkpoint, {there[-1]}, is whole" if there else "there was no checkpoint yet"
    cure = "free some space" if error.errno in (errno.ENOSPC, errno.EDQUOT) else "put that right"
    return UserError(
        f"{error.filename or folder}: {os.strerror(error.errno or errno.EIO).lower()}; {safe}: "
        f"{cure}, then go on with `saddle resume {folder}`."
    )


def prune(folder: Path, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints and the best."""
    kept_best = str(best(folder).get("images"))
    for old in checkpoints(folder)[:-keep]:
        if old.name != kept_best:
            checkpoint.remove(old)


def log(folder: Path, name: str = "events.jsonl") -> list[dict[str, Any]]:
    """The lines of one of a run's logs, `events.jsonl` or `metrics.jsonl`; each has its step and images.

    Raises:
        UserError: a line that is no such thing.
    """
    lines = read_jsonl(folder / name)
    for number, line in enumerate(lines, 1):
        for key in ("step", "images"):
            if not isinstance(line.get(key), int):
                raise UserError(f"{folder / name}, line {number}, is damaged: it has no {key}; delete that line.")
    return lines


def forget_after(folder: Path, step: int) -> None:
    """Drop log lines later than a checkpoint, which a resumed run will write again."""
    logs = {name: log(folder, name) for name in ("events.jsonl", "metrics.jsonl") if (folder / name).exists()}
    for name, lines in logs.items():
        write_text(folder / name, "".join(json.dumps(line) + "\n" for line in lines if line["step"] <= step))
