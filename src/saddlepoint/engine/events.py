"""What a training tells: scalars into files, progress to whoever watches."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor

from saddlepoint.errors import UserError
from saddlepoint.files import append_json, naming


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where a training stands. `losses` are means over the last interval, as `player/term`."""

    step: int
    images: int
    images_per_second: float
    seconds_left: float | None
    fraction: float | None
    losses: dict[str, float]


class Reporter(Protocol):
    """Who watches a training."""

    def started(self, run: Path, recipe: str, budget: str) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def working(self, done: int, total: int, what: str) -> None: ...

    def note(self, sentence: str) -> None: ...

    def wrote(self, what: str, path: Path) -> None: ...


class Silent:
    """A reporter that says nothing."""

    def started(self, run: Path, recipe: str, budget: str) -> None: ...

    def progress(self, progress: Progress) -> None: ...

    def working(self, done: int, total: int, what: str) -> None: ...

    def note(self, sentence: str) -> None: ...

    def wrote(self, what: str, path: Path) -> None: ...


class Scalars:
    """Means of the logged scalars since the last reading. They stay on the device until read."""

    def __init__(self) -> None:
        self._held: dict[str, list[Tensor]] = {}

    def add(self, logs: Mapping[str, list[Tensor]]) -> None:
        for key, values in logs.items():
            self._held.setdefault(key, []).extend(values)

    def peek(self) -> dict[str, float]:
        """One transfer for all of them."""
        if not self._held:
            return {}
        means = torch.stack([torch.stack(values).mean() for values in self._held.values()]).tolist()
        return dict(zip(self._held, means, strict=True))

    def read(self) -> dict[str, float]:
        """The same, and a new interval begins."""
        means = self.peek()
        self._held = {}
        return means


class Log:
    """events.jsonl and log.txt of a run, and the mirror the user has or asked for."""

    def __init__(self, folder: Path, track: str) -> None:
        self.folder = folder
        self._mirror = make_mirror(folder, track)

    def event(self, line: Mapping[str, Any]) -> None:
        append_json(self.folder / "events.jsonl", line)
        if self._mirror and "event" not in line:
            self._mirror.write(line)

    def say(self, sentence: str) -> None:
        path = self.folder / "log.txt"
        with naming(path), path.open("a", encoding="utf-8") as file:
            file.write(sentence + "\n")

    def close(self) -> None:
        if self._mirror:
            self._mirror.close()


class Mirror(Protocol):
    def write(self, line: Mapping[str, Any]) -> None: ...

    def close(self) -> None: ...


class TensorBoard:
    def __init__(self, folder: Path) -> None:
        from torch.utils.tensorboard.writer import SummaryWriter

        self._writer = SummaryWriter(str(folder / "tensorboard"))

    def write(self, line: Mapping[str, Any]) -> None:
        for key, value in line.items():
            if "/" in key:
                self._writer.add_scalar(key, value, line["images"])

    def close(self) -> None:
        self._writer.close()


class WandB:
    def __init__(self, folder: Path) -> None:
        import wandb  # pyright: ignore[reportMissingImports]

        self._run = wandb.init(dir=str(folder), project="saddlepoint", name=folder.name, resume="allow", id=folder.name)

    def write(self, line: Mapping[str, Any]) -> None:
        self._run.log({key: value for key, value in line.items() if "/" in key}, step=line["images"])

    def close(self) -> None:
        self._run.finish()


def make_mirror(folder: Path, track: str) -> Mirror | None:
    """TensorBoard where it is installed, unless told otherwise; wandb only when asked, for it uploads."""
    check_track(track)
    if track == "none" or (track == "auto" and not importlib.util.find_spec("tensorboard")):
        return None
    return WandB(folder) if track == "wandb" else TensorBoard(folder)


def check_track(track: str) -> None:
    """
    Raises:
        UserError: what was asked for is not installed.
    """
    if track in ("tensorboard", "wandb") and not importlib.util.find_spec(track):
        how = "pip install wandb" if track == "wandb" else "pip install 'saddlepoint[track]'"
        raise UserError(f"track={track} needs {track}, which is not installed: {how}")
