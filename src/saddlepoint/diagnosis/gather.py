"""Reads a run's folder for the checks: whatever is there, with a sentence for whatever is not."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from saddlepoint import api, runs
from saddlepoint.checkpoint import read_state, read_tensors
from saddlepoint.config import DataConfig, build
from saddlepoint.data.dataset import Data
from saddlepoint.data.dataset import Examples as Split
from saddlepoint.data.load import load as load_data
from saddlepoint.diagnosis.evidence import Evidence, Examples, Growth, Opinion
from saddlepoint.diagnosis.finding import ENOUGH_LINES, scalars
from saddlepoint.diagnosis.variety import YOUNG
from saddlepoint.errors import UserError
from saddlepoint.metrics.datalike import shuffled
from saddlepoint.recipe import Bounds, Judges, Recipe, Scores
from saddlepoint.types import Noise

SAMPLES, HELD_OUT = 256, 1000
TRAINING, VALUES = 10_000, 2**27
"""Training examples compared with, at most, and numbers in them: half a gigabyte."""


def gather(run: Path) -> Evidence:
    """What can be known of the run in this folder; a run that is young, or whose data is gone, gives less.

    Raises:
        UserError: the folder holds no run.
    """
    manifest = runs.manifest(run)
    events, metrics = runs.log(run), runs.log(run, "metrics.jsonl")
    missing: list[str] = []
    lines = len(scalars(events))
    if lines < ENOUGH_LINES:
        missing.append(f"The losses were not judged: the log has {lines} lines, and a trend needs {ENOUGH_LINES}.")
    growth: dict[str, Growth] = {}
    examples, opinions = None, dict[str, Opinion]()
    try:
        model, raw = api.load(run), api.load(run, weights="raw")
        growth = _growth(raw, manifest["seed"], runs.find_checkpoint(run))
        data = _data(manifest)
        examples, opinions = _compare(model, raw, data)
        if not len(examples.held_out):
            missing.append("Overfitting was not looked for: no examples are held out.")
    except UserError as error:
        missing.append(f"Samples were not compared with the data: {error}")
    evidence = Evidence(
        manifest=manifest, events=events, metrics=metrics, growth=growth, examples=examples, opinions=opinions
    )
    if examples and evidence.updates < YOUNG:
        missing.append(
            f"Collapse was not looked for: {evidence.updates:,} updates are few, and samples may yet spread."
        )
    return replace(evidence, missing=tuple(missing))


def _data(manifest: Mapping[str, Any]) -> Data:
    data = load_data(manifest["data"]["source"], build(DataConfig, manifest["config"]["data"]), offline=True)
    if data.fingerprint != manifest["data"]["fingerprint"]:
        raise UserError(f"{data.source} has changed since the training.")
    return data


def _growth(raw: Recipe[Any], seed: int, checkpoint: Path) -> dict[str, Growth]:
    """How the weights of each player grew; biases and the scales of norms, which start at 0 and 1, left out."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        fresh = type(raw)(raw.spec, raw.config)
    optim, steps = read_tensors(checkpoint, "optim"), read_state(checkpoint)["step"]
    start = fresh.players()
    found: dict[str, Growth] = {}
    for name, player in raw.players().items():
        before, now = _norm(start[name].modules), _norm(player.modules)
        counts = [int(v) for k, v in optim.items() if k.startswith(f"{name}/") and k.endswith("/step")]
        if before > 0:
            uncounted = steps if player.optimizer == "sgd" else 0  # it keeps no state; others do from the first update
            found[name] = Growth(factor=now / before, updates=max(counts, default=uncounted))
    return found


def _norm(modules: tuple[nn.Module, ...]) -> float:
    weights = [p.detach().float() for module in modules for p in module.parameters() if p.ndim > 1]
    return float(torch.stack([w.norm() for w in weights]).norm()) if weights else 0.0


def _compare(model: Recipe[Any], raw: Recipe[Any], data: Data) -> tuple[Examples, dict[str, Opinion]]:
    """Samples of the averaged model beside the data, and what the raw one, whose discriminator plays, says of both."""
    x, y = _some(data.train, min(TRAINING, max(VALUES // data.spec.dimensions, SAMPLES)))
    parts = [_some(split, HELD_OUT) for split in (data.test, data.validation)]
    held = torch.cat([part[0] for part in parts])
    labels = y is not None and model.conditional
    held_y = torch.cat([part[1] for part in parts if part[1] is not None]) if labels else None
    y = y if labels else None
    drawn_y = None if y is None else y[torch.arange(SAMPLES) % len(y)]
    examples = Examples(samples=model.sample(SAMPLES, seed=0, y=drawn_y), train=x, held_out=held)
    opinions: dict[str, Opinion] = {}
    if len(held):
        for judge in _judges(raw):
            few = x[:HELD_OUT], None if y is None else y[:HELD_OUT]
            opinions[judge] = Opinion(
                train=_says(raw, judge, *few),
                held_out=_says(raw, judge, held, held_y),
                samples=_says(raw, judge, examples.samples, drawn_y) if judge == "discriminator" else None,
            )
    return examples, opinions


def _some(split: Split, count: int) -> tuple[Tensor, Tensor | None]:
    """Examples picked at random, always the same: sources are often sorted by class."""
    positions = shuffled(len(split), "doctor", len(split))[:count]
    return split.x(positions), split.y(positions)


def _judges(model: Recipe[Any]) -> list[str]:
    judges = {"likelihood": isinstance(model, Scores), "bound": isinstance(model, Bounds)}
    judges["discriminator"] = isinstance(model, Judges)
    return [judge for judge, there in judges.items() if there]


@torch.no_grad()
def _says(model: Recipe[Any], judge: str, x: Tensor, y: Tensor | None) -> Tensor:
    """(N,): the model's log-likelihood, bound, or discriminator's output for each example."""
    parts: list[Tensor] = []
    for start in range(0, len(x), SAMPLES):
        part, labels = x[start : start + SAMPLES], None if y is None else y[start : start + SAMPLES]
        if judge == "discriminator":
            assert isinstance(model, Judges)
            said = model.realness(part, labels)
        elif isinstance(model, Scores):
            said = model.log_prob(part, labels)
        else:
            assert isinstance(model, Bounds)
            said = model.elbo(part, Noise("doctor", rows=len(part), start=start), labels)
        parts.append(said.float())
    return torch.cat(parts) if parts else torch.empty(0)
