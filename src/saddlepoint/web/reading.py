"""What a run's folder tells, as plain data for the page. Nothing here loads a model."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

from saddlepoint import catalogue, runs
from saddlepoint.checkpoint import read_state
from saddlepoint.engine.budget import Budget
from saddlepoint.errors import UserError
from saddlepoint.figures import by_term
from saddlepoint.web import paths
from saddlepoint.web.jobs import Jobs

FRESH = 60.0
"""Seconds: a training of a terminal, which we know by its log alone, is taken to go on if that grew since."""
END = 64 * 1024  # bytes of a log's end, in which its last reading is
POINTS = 400  # of a curve: more than a page has room for


def listing(root: Path, jobs: Jobs) -> list[dict[str, Any]]:
    """All runs, the newest first: those there are, and those that have yet to write anything or never did."""
    names = {path.name for path in root.iterdir() if path.is_dir()} if root.is_dir() else set[str]()
    found: list[dict[str, Any]] = []
    for name in names | jobs.names():
        try:
            found.append(summary(root, name, jobs))
        except paths.NotThereError:
            continue
        except UserError as error:
            found.append({"name": name, "state": "damaged", "says": str(error), "started": ""})
    return sorted(found, key=lambda each: (each["started"], each["name"]), reverse=True)


def summary(root: Path, name: str, jobs: Jobs) -> dict[str, Any]:
    """One run in a few numbers.

    Raises:
        NotThereError: there is no such run, nor one that was asked for.
    """
    if not (root / name / runs.MANIFEST).exists() and name in jobs.names():
        alive = jobs.alive(name)
        says = "It reads its data." if alive else jobs.last_words(name)
        started = jobs.started(name)
        return {"name": name, "state": "starting" if alive else "failed", "says": says, "started": started}
    folder = paths.run(root, name)
    manifest, last = runs.manifest(folder), _last(folder)
    state, says = _state(folder, name, manifest, last, jobs)
    pictures = _pictures(folder)
    return {
        "name": name,
        "recipe": manifest["recipe"],
        "data": manifest["data"]["source"],
        "spec": manifest["data"]["spec"],
        "can": list(catalogue.info(manifest["recipe"]).can),
        "started": manifest.get("started", ""),
        "budget": str(Budget(**manifest["budget"])),
        "fraction": min(1.0, _fraction(manifest, last)),
        "state": state,
        "says": says,
        **{key: last.get(key, 0) for key in ("step", "images", "seconds")},
        "losses": {key.removesuffix("/loss"): value for key, value in last.items() if key.endswith("/loss")},
        "picture": pictures[-1] if pictures else None,
        "checkpoints": [int(path.name) for path in runs.checkpoints(folder)],
    }


def detail(root: Path, name: str, jobs: Jobs) -> dict[str, Any]:
    """The same with curves, pictures, metrics, config and environment.

    Raises:
        UserError: no such run, or a damaged one.
    """
    about = summary(root, name, jobs)
    if about["state"] in ("starting", "failed") and "recipe" not in about:
        return about
    folder = paths.run(root, name)
    manifest = runs.manifest(folder)
    return {
        **about,
        "curves": {
            term: {player: _thinned(*line) for player, line in lines.items()}
            for term, lines in by_term(_events(folder)).items()
        },
        "pictures": _pictures(folder),
        "metrics": runs.log(folder, "metrics.jsonl"),
        "config": manifest["config"],
        "facts": {key: manifest[key] for key in ("seed", "device", "precision", "threads", "versions")},
    }


def picture(root: Path, name: str, file: str) -> Path:
    """A grid that the training drew.

    Raises:
        NotThereError: there is none such.
    """
    if not file.endswith(".png"):
        raise paths.NotThereError(f"There is no picture {file!r}.")
    return paths.existing(root, name, "samples", file)


def _pictures(folder: Path) -> list[str]:
    return sorted(path.name for path in (folder / "samples").glob("[0-9]*.png"))


def _events(folder: Path) -> list[dict[str, Any]]:
    path = folder / "events.jsonl"
    if not path.exists():
        return []
    about = path.stat()
    return _parsed(folder, about.st_mtime_ns, about.st_size)


@lru_cache(maxsize=4)
def _parsed(folder: Path, modified: int, size: int) -> list[dict[str, Any]]:
    """The log as it was then: open pages ask every few seconds, and it grows less often."""
    return [line for line in runs.log(folder) if "event" not in line]


def _newest(folder: Path) -> Mapping[str, Any]:
    """The last reading of the log, from its end alone: open pages ask for all runs every few seconds, and logs grow."""
    path = folder / "events.jsonl"
    if not path.exists():
        return {}
    with path.open("rb") as log:
        log.seek(-min(END, path.stat().st_size), os.SEEK_END)
        texts = log.read().split(b"\n")
    for text in reversed(texts[1:-1]):  # the first may have begun earlier, the last is still being written
        try:
            line = json.loads(text)
        except ValueError:
            break
        if isinstance(line, dict) and "event" not in line and "images" in line:
            return line
    events = _events(folder)  # a short log, or a damaged one, of which this tells which line
    return events[-1] if events else {}


def _last(folder: Path) -> Mapping[str, Any]:
    """Where the run stands: its last log line, or its last checkpoint, which may be a few steps later."""
    logged = _newest(folder)
    there = runs.checkpoints(folder)
    if not there or int(there[-1].name) <= logged.get("images", 0):
        return logged
    return {**logged, **{key: value for key, value in read_state(there[-1]).items() if isinstance(value, int | float)}}


def _fraction(manifest: Mapping[str, Any], last: Mapping[str, Any]) -> float:
    budget = Budget(**manifest["budget"])
    steps, images, seconds, cpu_seconds = (last.get(key, 0) for key in ("step", "images", "seconds", "cpu_seconds"))
    return budget.fraction(steps=steps, images=images, seconds=seconds, cpu_seconds=cpu_seconds)


def _state(
    folder: Path, name: str, manifest: Mapping[str, Any], last: Mapping[str, Any], jobs: Jobs
) -> tuple[str, str]:
    """One word for how a run is, and a sentence where there is something to say."""
    if jobs.alive(name):
        return "training", "It stops after this step." if jobs.stopping(name) else ""
    if _fraction(manifest, last) >= 1:
        return "finished", ""
    if name in jobs.names():
        return "stopped" if jobs.stopping(name) else "ended", jobs.last_words(name)
    log = folder / "events.jsonl"
    written = (log if log.exists() else folder / runs.MANIFEST).stat().st_mtime
    if time.time() - written < FRESH:
        return "elsewhere", "Its log grows: it seems to be trained by a terminal."
    return "stopped", "It has not used up its budget: resume it to go on."


def _thinned(images: Sequence[int], values: Sequence[float]) -> tuple[list[int], list[float]]:
    """At most `POINTS` of a curve: the mean of each stretch, so that no spike is lost or made by chance."""
    stride = -(-len(images) // POINTS)
    parts = [slice(start, start + stride) for start in range(0, len(images), stride)] if images else []
    return [images[part][-1] for part in parts], [sum(values[part]) / len(values[part]) for part in parts]
