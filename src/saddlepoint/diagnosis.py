"""What looks wrong with a run, from its logs and, where there are any, its samples. Pure functions.

Each threshold stands beside its reason. A finding is a hint where to look, not a verdict.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Any, Literal

import torch
from torch import Tensor

from saddlepoint.data.load import FEW
from saddlepoint.metrics.neighbours import memorisation

Lines = Sequence[Mapping[str, Any]]

ENOUGH_LINES = 20
"""Log lines below which a trend is noise."""
SURE_REAL, SURE_FAKE = 0.95, 0.05
"""Beyond these the discriminator's logits are past 3 and minimax gradients a twentieth of their size. Healthy DCGANs
stay at 0.6 to 0.9 on real images."""
SUSTAINED = 0.75
"""Share of the last quarter of the log that must be beyond them: spikes are normal, either way."""
GROWN = 1.2
"""The generator's loss against its own second quarter. A balanced game keeps it level, whatever the level is."""
SPREAD = 0.3
"""Mean distance between samples against that between real examples. Blurred or half-trained models stay above 0.5."""
SPACING = 0.25
"""The same for the distance to the nearest neighbour, which sees copies of many pictures. Smooth models reach 0.5."""
RECALL, PRECISION = 0.05, 0.2
"""Recall this low while precision is not: some real examples are imitated, the others never. Both low is only early."""
COPIES = 0.4
"""Distance of samples to their nearest training example against that of unseen real examples. A model that learned
the distribution has 1, a blurring one 0.7 (a mean is nearer to everything by √2), a copying one 0."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """`sentence` says what looks wrong and what to try; `evidence` holds the numbers it rests on."""

    severity: Literal["error", "warning"]
    name: str
    sentence: str
    evidence: Mapping[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Samples beside real examples, each (N, *shape): some from training, some never trained on."""

    samples: Tensor
    train: Tensor
    held_out: Tensor


def diagnose(events: Lines, metrics: Lines, run: Mapping[str, Any], examples: Examples | None = None) -> list[Finding]:
    """Everything that looks wrong, errors first.

    events, metrics: lines of events.jsonl and metrics.jsonl; run: run.json.
    """
    found = [
        _nonfinite(events),
        _discriminator_won(events),
        _collapse_by_recall(metrics),
        _collapse(examples) if examples else None,
        _overfitting(metrics, examples),
        _few_images(run),
    ]
    return sorted((f for f in found if f), key=lambda f: f.severity != "error")


def _nonfinite(events: Lines) -> Finding | None:
    faults = [line for line in events if line.get("event") == "nonfinite"]
    if not faults:
        return None
    first = faults[0]
    times = "once" if len(faults) == 1 else f"{len(faults)} times"
    return Finding(
        severity="error",
        name="nonfinite",
        sentence=f"The {first['player']}'s {' and '.join(first['terms'])} was not finite {times}, first at step "
        f"{first['step']}: try a lower lr, or precision=fp32.",
        evidence={"count": len(faults), "step": first["step"], "player": first["player"], "terms": first["terms"]},
    )


def _discriminator_won(events: Lines) -> Finding | None:
    d_real, d_fake = _series(events, "d_real"), _series(events, "d_fake")
    loss = _series(events, "loss", player="generator")
    if min(len(d_real), len(d_fake), len(loss)) < ENOUGH_LINES:
        return None
    quarter = len(d_real) // 4
    pairs = list(zip(d_real[-quarter:], d_fake[-quarter:], strict=False))
    sure = sum(real > SURE_REAL and fake < SURE_FAKE for real, fake in pairs) / len(pairs)
    before, now = median(loss[quarter : 2 * quarter]), median(loss[-quarter:])
    if sure < SUSTAINED or now <= before or now < GROWN * before:
        return None
    return Finding(
        severity="error",
        name="discriminator-won",
        sentence=f"The discriminator tells all samples from real data (D(x) {median(d_real[-quarter:]):.2f}, D(G(z)) "
        f"{median(d_fake[-quarter:]):.2f}) while the generator's loss grows: lower lr, or try wgan_gp or r3gan.",
        evidence={"sure": sure, "generator_loss_before": before, "generator_loss_now": now},
    )


def _collapse_by_recall(metrics: Lines) -> Finding | None:
    recall, precision = _latest(metrics, "recall"), _latest(metrics, "precision")
    if recall is None or precision is None or recall >= RECALL or precision < PRECISION:
        return None
    return Finding(
        severity="error",
        name="collapse",
        sentence=f"Samples reach only {recall:.0%} of the data's variety (recall) though {precision:.0%} of them look "
        "real (precision): the generator makes few kinds of picture; try r3gan, or a lower lr.",
        evidence={"recall": recall, "precision": precision},
    )


def _collapse(examples: Examples) -> Finding | None:
    count = min(len(examples.samples), len(examples.train))
    samples, real = _flat(examples.samples[:count]), _flat(examples.train[:count])
    spread = torch.pdist(samples).mean() / torch.pdist(real).mean()
    spacing = _nearest_other(samples).median() / _nearest_other(real).median()
    if spread >= SPREAD and spacing >= SPACING:
        return None
    return Finding(
        severity="error",
        name="collapse",
        sentence=f"Samples are nearly alike: they lie {spread:.2f} times as far apart as real examples, and their "
        f"nearest neighbours {spacing:.2f} times; if more training does not help, try r3gan or a lower lr.",
        evidence={"spread": float(spread), "spacing": float(spacing)},
    )


def _overfitting(metrics: Lines, examples: Examples | None) -> Finding | None:
    ratio = _latest(metrics, "memorisation")
    if examples:
        ratio = memorisation(_flat(examples.samples), _flat(examples.held_out), _flat(examples.train))
    if ratio is None or ratio >= COPIES:
        return None
    return Finding(
        severity="warning",
        name="overfitting",
        sentence=f"Samples lie {ratio:.2f} times as far from their nearest training example as unseen real examples "
        "do: the model repeats what it was shown; stop earlier, or train on more data.",
        evidence={"memorisation": ratio},
    )


def _few_images(run: Mapping[str, Any]) -> Finding | None:
    count = run["data"].get("train")
    if count is None or count >= FEW:
        return None
    return Finding(
        severity="warning",
        name="few-images",
        sentence=f"There are only {count} training examples: below {FEW} most methods learn them by heart, and "
        "the held-out tenth is too small to show it; add data, or flip=true if mirror images make sense.",
        evidence={"train": count},
    )


def _series(events: Lines, term: str, player: str = "") -> list[float]:
    """One logged term over time, of `player` or of whichever player logs it."""
    values: list[float] = []
    for line in events:
        for key, value in line.items():
            who, _, what = key.partition("/")
            if what == term and (not player or who == player) and isinstance(value, float | int):
                values.append(value)
    return values


def _latest(metrics: Lines, name: str) -> float | None:
    values = [line["value"] for line in metrics if line.get("metric") == name]
    return values[-1] if values else None


def _flat(x: Tensor) -> Tensor:
    return x.detach().float().flatten(1)


def _nearest_other(x: Tensor) -> Tensor:
    return torch.cdist(x, x).fill_diagonal_(float("inf")).amin(1)
