"""Train a recipe as its claim says, judge it on the test split, and keep every number with its protocol."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch

from saddlepoint import api
from saddlepoint.claims.claim import Claim, Scale, Setting, Trained
from saddlepoint.claims.columns import about, numbers, options_text
from saddlepoint.claims.results import Row, keep
from saddlepoint.claims.training import RUNS, Bench, bench, train
from saddlepoint.engine.events import Reporter
from saddlepoint.files import save_png
from saddlepoint.metrics.nats import can
from saddlepoint.pictures import wall
from saddlepoint.recipe import Recipe

COMPARED = ("fd", "kid", "prdc")
LIKELIHOODS = ("log_likelihood", "elbo")
"""Measured of models that have them."""


def reproduce(
    claim: Claim,
    *,
    on: str = "mnist",
    data: str | Path | None = None,
    scale: Scale = "quick",
    seeds: Sequence[int] = (0, 1, 2),
    out: Path = Path("results") / "claims.csv",
    images: Path = Path("docs") / "images",
    device: str = "auto",
    offline: bool = False,
    reporter: Reporter | None = None,
) -> list[Row]:
    """Train and judge once per seed; rows go to `out` and seed 0's samples to `images` as each is done.

    on: mnist or cifar10; data: where that set, or another in its place, lies. Runs are kept under runs/reproduce,
    so what was stopped goes on, and what is trained is only judged again.

    Raises:
        UserError: a data set without a setting, data that cannot be had, or a run of other settings in the way.
    """
    setting = claim.setting(on, scale)
    at = bench(on, data, setting.options, device=device, offline=offline, reporter=reporter)
    rows: list[Row] = []
    for seed in seeds:
        run = train(claim.recipe, setting, seed, RUNS / f"{claim.recipe}-{at.called}-{scale}-seed{seed}", at)
        model = run.model(device=device)
        metrics = [*COMPARED, *(metric for metric in LIKELIHOODS if can(model, metric))]
        rest: dict[str, Any] = {"device": device, "offline": offline, "reporter": reporter}
        measured = api.evaluate(run, metrics=metrics, n=claim.samples, **rest)
        trained = Trained(run=run, model=model, data=at.data, seed=seed)
        if claim.probe:
            measured += claim.probe(trained)
        own = _protocol(claim, setting, on, scale, seed, at) | about(run)
        new = [Row(**own, **columns) for columns in numbers(measured)]
        keep(out, new)
        rows += new
        if seed == 0:
            images.mkdir(parents=True, exist_ok=True)
            name = f"{claim.recipe}{'' if on == 'mnist' else f'-{on}'}"
            more = {f"-{ending}": draw(trained) for ending, draw in claim.pictures.items()}
            for ending, picture in ({"": _picture(model)} | more).items():
                save_png(picture, images / f"{name}{ending}.png")
    return rows


def _protocol(claim: Claim, setting: Setting, on: str, scale: Scale, seed: int, at: Bench) -> dict[str, Any]:
    published = claim.published[on]
    elsewhere = f" --data {at.called}" if at.called != on else ""
    return {
        "recipe": claim.recipe,
        "data": at.called,
        "fingerprint": at.data.fingerprint[:12],
        "scale": scale,
        "seed": seed,
        "claim": claim.statement,
        "paper_value": published.value,
        "paper_measure": f"{published.measure} ({published.where})",
        "comparable": ("" if at.called == on else f"no: {at.called} is not {on}. ") + claim.comparable(on, scale),
        "options": options_text(setting.options),
        "command": f"saddle reproduce {claim.recipe} --on {on}{elsewhere} --scale {scale}",
    }


def _picture(model: Recipe[Any]) -> Any:
    """64 samples of seed 0; with classes, a column for each."""
    if not model.conditional:
        return wall(model.sample(64, seed=0), 8)
    columns = min(len(model.spec.classes), 16)
    return wall(model.sample(8 * columns, seed=0, y=torch.arange(8 * columns) % columns), columns)
