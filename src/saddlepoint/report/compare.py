"""Several runs of the same data: their scores, what those cost, and which differences are more than luck."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from saddlepoint import catalogue, runs
from saddlepoint.assembly import spec_of
from saddlepoint.errors import UserError
from saddlepoint.report.history import Score, minutes, scores
from saddlepoint.report.noise import Difference, difference

SILENT = ("track", "log_every", "sample_every", "checkpoint_every", "evaluate_every", "keep", "best")
"""Training options that leave the weights as they are."""
OWN = ("warnings", "seed", "data", "labels")
"""What may differ between the protocols of two scores that compare."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """A run. method: what it shares with the runs that differ from it in nothing but the seed; scores by column."""

    run: Path
    name: str
    method: str
    recipe: str
    can: tuple[str, ...]
    seed: int
    images: int
    minutes: float | None
    scores: Mapping[str, Score]


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """differences: by method and column, from the first run's method."""

    data: str
    rows: Sequence[Row]
    columns: Sequence[str]
    differences: Mapping[str, Mapping[str, Difference]]

    @property
    def methods(self) -> list[str]:
        return list(dict.fromkeys(row.method for row in self.rows))

    def values(self, method: str, column: str) -> dict[int, float]:
        """A method's finite scores by seed."""
        return _values(self.rows, method, column)


def compare(folders: Sequence[Path]) -> Comparison:
    """Read the runs.

    Raises:
        UserError: fewer than two runs, one given twice, no run, or runs of different data.
    """
    if len(folders) < 2:
        raise UserError("Give two runs or more to compare.")
    resolved = [folder.resolve() for folder in folders]
    if twice := [folder for folder in folders if resolved.count(folder.resolve()) > 1]:
        raise UserError(f"{twice[0]} is given twice.")
    manifests = [runs.manifest(folder) for folder in folders]
    first = manifests[0]["data"]
    for folder, about in zip(folders, manifests, strict=True):
        if (about["data"]["fingerprint"], spec_of(about)) != (first["fingerprint"], spec_of(manifests[0])):
            raise UserError(
                f"{folders[0]} learned {first['source']} ({spec_of(manifests[0])}) and {folder} "
                f"{about['data']['source']} ({spec_of(about)}), which is not the same data: scores do not compare."
            )
    names = [f.resolve().name for f in folders]
    named = [str(folder) if names.count(name) > 1 else name for folder, name in zip(folders, names, strict=True)]
    methods = _methods(manifests, [_images(folder) for folder in folders])
    columns, measured = _columns([scores(folder) for folder in folders])
    rows = [
        Row(
            run=folder,
            name=name,
            method=method,
            recipe=about["recipe"],
            can=catalogue.info(about["recipe"]).can,
            seed=about["seed"],
            images=_images(folder),
            minutes=minutes(folder),
            scores=own,
        )
        for folder, name, method, about, own in zip(folders, named, methods, manifests, measured, strict=True)
    ]
    return Comparison(data=str(first["source"]), rows=rows, columns=columns, differences=_differences(rows, columns))


def _images(run: Path) -> int:
    there = runs.checkpoints(run)
    return int(there[-1].name) if there else 0


def _methods(manifests: Sequence[Mapping[str, Any]], images: Sequence[int]) -> list[str]:
    """Each run's method: the recipe, and the settings in which runs of this recipe differ from one another."""
    settings: list[dict[str, str]] = []
    for about, seen in zip(manifests, images, strict=True):
        config, budget = about["config"], about["budget"]
        training = {key: value for key, value in config["train"].items() if key not in SILENT}
        length = {"minutes": budget["minutes"]} if budget.get("minutes") is not None else {"images": seen}
        flat = {**config["data"], **training, **config["recipe"], "precision": about["precision"], **length}
        settings.append({key: json.dumps(value) for key, value in flat.items()})
    names: list[str] = []
    for about, own in zip(manifests, settings, strict=True):
        kin = [s for other, s in zip(manifests, settings, strict=True) if other["recipe"] == about["recipe"]]
        differ = [key for key in own if any(other.get(key) != own[key] for other in kin)]
        names.append(" ".join([about["recipe"], *(f"{key}={own[key].strip(chr(34))}" for key in differ)]))
    return names


def _columns(found: Sequence[Sequence[Score]]) -> tuple[list[str], list[dict[str, Score]]]:
    """Columns' titles, and each run's newest scores by them. Scores under one label and protocol share a column; those
    taken for choosing a checkpoint, on the validation split, are left out where there are others."""
    final = {s.measured.label() for own in found for s in own if s.measured.protocol.get("reference") == "test"}
    kept = [
        [s for s in own if s.measured.protocol.get("reference") == "test" or s.measured.label() not in final]
        for own in found
    ]
    protocols: dict[str, list[dict[str, str]]] = {}
    for score in (s for own in kept for s in own):
        known = protocols.setdefault(score.measured.label(), [])
        if (protocol := _protocol(score)) not in known:
            known.append(protocol)
    by_title = [{_title(s, protocols[s.measured.label()]): s for s in own} for own in kept]
    return list(dict.fromkeys(title for own in by_title for title in own)), by_title


def _protocol(score: Score) -> dict[str, str]:
    return {key: str(value) for key, value in score.measured.protocol.items() if key not in OWN}


def _title(score: Score, known: Sequence[Mapping[str, str]]) -> str:
    """The label, and in what its protocol differs from others known of it."""
    own = _protocol(score)
    differ = [key for key in own if any(other.get(key) != own[key] for other in known)]
    return ", ".join([score.measured.label(), *(f"{key} {own[key][:12]}" for key in differ)])


def _differences(rows: Sequence[Row], columns: Sequence[str]) -> dict[str, dict[str, Difference]]:
    """Every method from the first, in every column where both have a score."""
    by_seed = {row.method: {c: _values(rows, row.method, c) for c in columns} for row in rows}
    first, *others = by_seed
    return {
        method: {c: difference(own, base) for c, base in by_seed[first].items() if (own := by_seed[method][c]) and base}
        for method in others
    }


def _values(rows: Sequence[Row], method: str, column: str) -> dict[int, float]:
    """The first of each seed: a training done again is no other seed."""
    found: dict[int, float] = {}
    for row in rows:
        score = row.scores.get(column)
        if row.method == method and score and math.isfinite(score.measured.value):
            found.setdefault(row.seed, score.measured.value)
    return found
