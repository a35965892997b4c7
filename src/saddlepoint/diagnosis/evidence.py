"""What the checks look at."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import torch
from torch import Tensor

from saddlepoint.diagnosis.finding import Lines
from saddlepoint.metrics.neighbours import CHUNK, nearest

ASKED = 256
"""Training examples whose own neighbours say how far apart training examples lie."""


@dataclass(frozen=True, kw_only=True)
class Examples:
    """Samples beside real examples, each (N, *shape): some from training, in random order, some never trained on."""

    samples: Tensor
    train: Tensor
    held_out: Tensor

    @cached_property
    def flat(self) -> tuple[Tensor, Tensor, Tensor]:
        """Samples, training and held-out examples as (N, D)."""
        samples, train, held_out = (x.detach().float().flatten(1) for x in (self.samples, self.train, self.held_out))
        return samples, train, held_out

    @cached_property
    def far(self) -> float:
        """Mean distance of samples to their nearest training example, over that of training examples to theirs."""
        samples, train, _ = self.flat
        ours = nearest(samples, train.split(CHUNK))[0].mean()
        theirs = nearest(train[:ASKED], train.split(CHUNK), k=2)[0][:, -1].mean()
        return float(ours / theirs) if theirs > 0 else float("inf") if ours > 0 else 1.0

    @property
    def finite(self) -> bool:
        return bool(torch.isfinite(self.samples).all())


@dataclass(frozen=True, kw_only=True)
class Opinion:
    """What the model itself says of examples, higher for those it takes for real or likely: (N,) each.

    samples: the same of its own samples, where it judges against them.
    """

    train: Tensor
    held_out: Tensor
    samples: Tensor | None = None


@dataclass(frozen=True, kw_only=True)
class Growth:
    """How a player's weights grew: the norm of all of them over that at the start, after so many updates."""

    factor: float
    updates: int


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """What is known of a run; what could not be had is None or empty, and `missing` says why, in sentences.

    manifest: run.json; events, metrics: the lines of events.jsonl and metrics.jsonl; growth: by player;
    opinions: by what judges.
    """

    manifest: Mapping[str, Any]
    events: Lines = ()
    metrics: Lines = ()
    growth: Mapping[str, Growth] = field(default_factory=dict[str, Growth])
    examples: Examples | None = None
    opinions: Mapping[str, Opinion] = field(default_factory=dict[str, Opinion])
    missing: tuple[str, ...] = ()

    @property
    def updates(self) -> int:
        """Updates of the player that had fewest, of those that had any; 0 without a checkpoint."""
        return min((growth.updates for growth in self.growth.values() if growth.updates), default=0)

    @property
    def far(self) -> float | None:
        """How far samples are from the data, if they could be drawn."""
        return self.examples.far if self.examples and self.examples.finite else None
