"""All that the page about a run shows, read from the run's folder, its model and its data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from saddlepoint import api, catalogue, runs
from saddlepoint.assembly import data_of
from saddlepoint.diagnosis import diagnose
from saddlepoint.diagnosis.finding import Finding
from saddlepoint.diagnosis.gather import gather
from saddlepoint.errors import UserError
from saddlepoint.figures import Curves, by_term
from saddlepoint.latent.paths import between
from saddlepoint.metrics.classifiers import classifier_at_hand
from saddlepoint.metrics.figure import neighbours_figure
from saddlepoint.pictures import png, wall
from saddlepoint.recipe import Latent, Recipe
from saddlepoint.report.history import Score, minutes, scores, sheets
from saddlepoint.types import Noise

SHEETS = 7
"""Sheets of samples on the page at most: the newest, and six on the way to it."""
WALKS, STEPS = 6, 8
"""Ways between samples, and pictures on each."""


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Pictures are PNGs. What could not be had is empty or None, and `missing` says why, in sentences."""

    name: str
    manifest: Mapping[str, Any]
    summary: str
    can: tuple[str, ...]
    citation: str
    images: int
    minutes: float | None
    findings: tuple[Finding, ...] = ()
    missing: tuple[str, ...] = ()
    samples: Mapping[int, bytes] = field(default_factory=dict[int, bytes])
    """By images seen."""
    curves: Mapping[str, Curves] = field(default_factory=dict[str, Curves])
    scores: tuple[Score, ...] = ()
    """Of every evaluation, in their order."""
    neighbours: bytes | None = None
    interpolation: bytes | None = None


def collect(run: Path) -> Facts:
    """Read a run, finished or not. Nothing is written and nothing downloaded.

    Raises:
        UserError: the folder holds no run, or one of its files is damaged.
    """
    manifest = runs.manifest(run)
    entry = catalogue.info(manifest["recipe"])
    evidence = gather(run)
    samples, damaged = sheets(run, SHEETS)
    there = runs.checkpoints(run)
    facts = Facts(
        name=run.resolve().name,
        manifest=manifest,
        summary=entry.summary,
        can=entry.can,
        citation=catalogue.citation(entry.name),
        images=int(there[-1].name) if there else 0,
        minutes=minutes(run),
        findings=tuple(diagnose(evidence)),
        missing=(*evidence.missing, *damaged),
        samples=samples,
        curves=by_term(runs.log(run)),
        scores=tuple(scores(run)),
    )
    try:
        return _with_pictures(facts, api.load(run))
    except UserError as error:
        return replace(facts, missing=(*facts.missing, f"Nothing was drawn anew: {error}"))


def _with_pictures(facts: Facts, model: Recipe[Any]) -> Facts:
    """The facts with what the model itself draws."""
    if model.spec.kind != "image":
        return replace(facts, missing=(*facts.missing, "Neighbours and interpolations are shown for images alone."))
    drawn = replace(facts, interpolation=png(wall(walks(model), STEPS)) if isinstance(model, Latent) else None)
    data = data_of(dict(facts.manifest), offline=True)
    if data.fingerprint != facts.manifest["data"]["fingerprint"]:
        return replace(drawn, missing=(*facts.missing, f"No neighbours: {data.source} has changed since the training."))
    at_hand = len(data.spec.classes) > 1 and classifier_at_hand(data)  # to train one takes minutes
    picture = neighbours_figure(model, data, "classifier" if at_hand else "pixels", offline=True)
    return replace(drawn, neighbours=png(picture))


@torch.no_grad()
def walks(model: Recipe[Any]) -> Tensor:
    """Rows of images (WALKS * STEPS, C, H, W), each from one sample to the next; one class a row, if there are any."""
    assert isinstance(model, Latent)
    keys = model.prior(Noise("report", 0, rows=WALKS + 1, device=model.device, draw_on="cpu"))
    t = torch.linspace(0, 1, STEPS, device=model.device)
    z = torch.cat([between(a, b, t, model.slices) for a, b in pairwise(keys)])
    classes = max(len(model.spec.classes), 1)
    y = torch.arange(WALKS, device=model.device).repeat_interleave(STEPS) % classes if model.conditional else None
    return model.generate(z, y).float().cpu()
