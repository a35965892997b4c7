"""The run directory: what a training leaves behind, and how to find one's way in it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from saddlepoint import checkpoint
from saddlepoint.errors import UserError
from saddlepoint.files import read_jsonl, write_json, write_text

MANIFEST = "run.json"
BEST = "best.json"


def new_folder(name: str, root: Path = Path("runs")) -> Path:
    """The first unused `runs/<name>`, `runs/<name>-2`, ..."""
    folder, count = root / name, 1
    while folder.exists():
        count += 1
        folder = root / f"{name}-{count}"
    return folder


def check_new(folder: Path) -> None:
    """Refuse a folder that a new run would overwrite.

    Raises:
        UserError: it holds a run, or anything else.
    """
    if (folder / MANIFEST).exists():
        raise UserError(
            f"{folder} already holds a run: continue it with `saddle resume {folder}`, or give another --out."
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise UserError(f"{folder} already exists and is no run: give a new folder to --out.")


def create(folder: Path, manifest: Mapping[str, Any]) -> None:
    """Make the run's folder with its manifest.

    Raises:
        UserError: the folder is taken or cannot be written.
    """
    check_new(folder)
    try:
        for part in ("samples", "checkpoints"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        write_json(folder / MANIFEST, manifest)
    except OSError as error:
        raise UserError(f"{folder} cannot be written ({error.strerror}): give another folder to --out.") from None


def manifest(folder: Path) -> dict[str, Any]:
    """The run's run.json.

    Raises:
        UserError: the folder holds no run, or its run.json is damaged.
    """
    path = folder / MANIFEST
    if not path.exists():
        raise UserError(f"{folder} holds no run: there is no {MANIFEST} in it.")
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        raise UserError(f"{path} is damaged: it is not JSON.") from None


def checkpoints(folder: Path) -> list[Path]:
    """The run's whole checkpoints, oldest first."""
    found = (p for p in (folder / "checkpoints").glob("[0-9]*") if (p / checkpoint.STATE).exists())
    return sorted(found, key=lambda p: int(p.name))


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
    """Which checkpoint scored best: {"images", "metric", "value"}, or nothing yet."""
    path = folder / BEST
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}


def set_best(folder: Path, images: int, metric: str, value: float) -> None:
    write_json(folder / BEST, {"images": images, "metric": metric, "value": value})


def prune(folder: Path, keep: int) -> None:
    """Delete all but the newest `keep` checkpoints and the best; and what a kill left half-written."""
    kept_best = str(best(folder).get("images"))
    for old in checkpoints(folder)[:-keep]:
        if old.name != kept_best:
            shutil.rmtree(old)
    for leftover in (folder / "checkpoints").glob(".*"):
        shutil.rmtree(leftover)


def forget_after(folder: Path, step: int) -> None:
    """Drop log lines later than a checkpoint, which a resumed run will write again."""
    for name in ("events.jsonl", "metrics.jsonl"):
        path = folder / name
        if path.exists():
            kept = [json.dumps(line) + "\n" for line in read_jsonl(path) if line["step"] <= step]
            write_text(path, "".join(kept))
