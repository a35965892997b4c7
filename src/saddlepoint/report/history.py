"""What a run's folder says of its past: measurements and pictures."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

from saddlepoint import runs
from saddlepoint.errors import UserError
from saddlepoint.metrics.measurement import FLOOR, Measurement

PNG = b"\x89PNG\r\n\x1a\n"


@dataclass(frozen=True, kw_only=True)
class Score:
    """A measurement, after how many images it was taken, and its floor if there is one."""

    images: int
    measured: Measurement
    floor: Measurement | None = None


class Line(BaseModel):
    model_config = ConfigDict(strict=True, extra="ignore")

    images: int
    metric: str
    value: float | None
    error: float | None = None
    protocol: dict[str, Any]


def scores(run: Path) -> list[Score]:
    """Every evaluation's numbers in the order they were taken, each with its floor. A value that was not finite is NaN.

    Raises:
        UserError: a line of metrics.jsonl that is no measurement.
    """
    found: list[Score] = []
    for number, line in enumerate(runs.log(run, "metrics.jsonl"), 1):
        try:
            read = Line.model_validate(line)
            value = float("nan") if read.value is None else read.value
            measured = Measurement(metric=read.metric, value=value, error=read.error, protocol=read.protocol)
            measured.label()  # asks of the protocol what it needs
        except (ValidationError, KeyError):
            raise UserError(f"{run / 'metrics.jsonl'}, line {number}, is no measurement: delete that line.") from None
        if not measured.metric.endswith(FLOOR):
            found.append(Score(images=read.images, measured=measured))
            continue
        own = measured.metric.removesuffix(FLOOR)
        of = [i for i, s in enumerate(found) if s.measured.metric == own and s.images == read.images]
        if not of:
            raise UserError(f"{run / 'metrics.jsonl'}, line {number}, is a floor without its value: delete that line.")
        found[of[-1]] = replace(found[of[-1]], floor=measured)
    return found


def newest(found: Iterable[Score]) -> list[Score]:
    """Of scores under one label, reference and weights the last."""
    kept: dict[tuple[str, Any, Any], Score] = {}
    for score in found:
        about = score.measured.protocol
        key = score.measured.label(), str(about.get("reference")), str(about.get("weights"))
        kept.pop(key, None)
        kept[key] = score
    return list(kept.values())


def minutes(run: Path) -> float | None:
    """Minutes of training so far; None where nothing was logged yet."""
    seconds = [line["seconds"] for line in runs.log(run) if isinstance(line.get("seconds"), int | float)]
    return seconds[-1] / 60 if seconds else None


def sheets(run: Path, most: int) -> tuple[dict[int, bytes], list[str]]:
    """PNGs of samples by images seen: the first, the last and some between; and a sentence for each that is damaged."""
    named = sorted(p for p in (run / "samples").glob("*.png") if re.fullmatch(r"[0-9]{1,18}", p.stem))
    if len(named) > most:
        named = [named[round(i * (len(named) - 1) / (most - 1))] for i in range(most)]
    found: dict[int, bytes] = {}
    damaged: list[str] = []
    for path in named:
        content = path.read_bytes()
        if content.startswith(PNG):
            found[int(path.stem)] = content
        else:
            damaged.append(f"samples/{path.name} is no PNG and was left out.")
    return found, damaged
