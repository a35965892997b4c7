"""MADE.

Mathieu Germain, Karol Gregor, Iain Murray, Hugo Larochelle: MADE: Masked Autoencoder for Distribution Estimation.
2015, arXiv 1502.03509.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Positive
from saddlepoint.distributions import Levels
from saddlepoint.families import Autoregressive, AutoregressiveConfig
from saddlepoint.recipe import Update
from saddlepoint.types import Batch, Noise


class MADEConfig(AutoregressiveConfig):
    widths: Annotated[tuple[int, ...], Positive, Field(min_length=1)] = (500,)
    """ReLU units in the hidden layers (the paper takes 8000 for MNIST, 500 for smaller sets)."""
    masks: int = Field(32, ge=1)
    """Orders of the numbers, each with connections of its own; training goes round them, the model is their mixture.
    1: one order, drawn at random as well."""


class MaskedMLP(nn.Module):
    """Dense layers masked for each of several orders: numbers (B, D) -> logits (B, D, levels).

    A hidden unit has a degree m: it sees the first m numbers of the order, and is seen by numbers after them
    (equations 12, 13 and 15).
    """

    place: Tensor
    degrees: Tensor

    def __init__(self, numbers: int, widths: tuple[int, ...], levels: int, masks: int) -> None:
        super().__init__()
        self.levels, self.widths = levels, widths
        sizes = (numbers, *widths, numbers * levels)
        self.layers = nn.ModuleList(nn.Linear(before, after) for before, after in pairwise(sizes))
        place = torch.stack([torch.randperm(numbers) for _ in range(masks)])
        least = torch.ones(masks, 1)
        degrees: list[Tensor] = []
        for width in widths:
            draw = torch.rand(masks, width)
            degrees.append((least + draw * (numbers - least)).floor().long().clamp(max=max(numbers - 1, 1)))
            least = degrees[-1].min(1, keepdim=True).values.float()  # no unit without anything to see
        self.register_buffer("place", place)  # (masks, D): how many numbers come before each
        self.register_buffer("degrees", torch.cat(degrees, 1))  # (masks, units of all layers)

    def forward(self, x: Tensor, mask: int) -> Tensor:
        seen = self.place[mask] + 1  # a number is seen by degrees from its rank on
        *hidden, last = self.layers
        for layer, degree in zip(hidden, self.degrees[mask].split(self.widths), strict=True):
            x = _linear(layer, x, degree[:, None] >= seen).relu()
            seen = degree
        outputs = (self.place[mask][:, None] >= seen).repeat_interleave(self.levels, 0)
        return _linear(last, x, outputs).unflatten(1, (-1, self.levels))

    def draw(self, uniform: Tensor, mask: Tensor, tell: Callable[[float], None] | None = None) -> Tensor:
        """Numbers (B, D) by uniform draws, each row in the order `mask` (B,) says.

        A hidden unit of degree m is computed once, when m numbers are known: those above, of which nothing is known
        yet, are 0 until then, so that no weight needs a mask.
        """
        order, rows = self.place[mask].argsort(1), torch.arange(len(mask), device=mask.device)
        degrees = self.degrees[mask].split(self.widths, 1)
        *hidden, last = self.layers
        assert isinstance(last, nn.Linear)
        weight, bias = last.weight.unflatten(0, (-1, self.levels)), last.bias.unflatten(0, (-1, self.levels))
        x = torch.zeros_like(uniform)
        kept = [torch.zeros(len(x), width, device=x.device, dtype=x.dtype) for width in self.widths]
        for t in range(x.shape[1]):
            given = x
            for layer, degree, units in zip(hidden, degrees, kept, strict=True):
                units.copy_(torch.where(degree == t, layer(given).relu(), units))
                given = units
            at = order[:, t]
            logits = torch.einsum("bh,blh->bl", given, weight[at]) + bias[at]
            x[rows, at] = Levels(logits).sample(uniform[rows, at])
            if tell:
                tell((t + 1) / x.shape[1])
        return x


def _linear(layer: nn.Module, x: Tensor, mask: Tensor) -> Tensor:
    assert isinstance(layer, nn.Linear)
    return F.linear(x, layer.weight * mask, layer.bias)


@register(
    "made",
    group="autoregressive",
    paper=Paper(
        title="MADE: Masked Autoencoder for Distribution Estimation",
        authors="Germain, Mathieu and Gregor, Karol and Murray, Iain and Larochelle, Hugo",
        year=2015,
        venue="International Conference on Machine Learning",
        arxiv="1502.03509",
    ),
)
class MADE(Autoregressive[MADEConfig]):
    """A dense autoencoder whose masks make every output depend on earlier inputs alone, in many orders at once."""

    Config = MADEConfig

    def build(self) -> None:
        config, spec = self.config, self.spec
        self.network = MaskedMLP(spec.dimensions, config.widths, spec.levels, config.masks)
        self.turn = 0  # which mask; a function of the step, so that no checkpoint needs it

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        """Algorithm 1, with the masks in turn (section 4.2)."""
        self.turn = t % self.config.masks
        update("network", self.objective, next(batches))

    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.logits(x, self.turn)

    def logits(self, x: Tensor, mask: int) -> Tensor:
        """Of every number given those before it in the order of one mask: (B, levels, C, H, W)."""
        return self.network(x.flatten(1), mask).transpose(1, 2).unflatten(2, self.spec.shape)

    def log_prob(self, x: Tensor, y: Tensor | None = None) -> Tensor:
        """Of the equal mixture of all masks, each of which is a model of its own."""
        each = torch.stack([Levels(self.logits(x, mask)).log_prob(x) for mask in range(self.config.masks)])
        return each.logsumexp(0) - math.log(len(each))

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        """A mask by lot for each image, then its numbers in that order."""
        assert isinstance(self.network, MaskedMLP)
        mask = noise.integers(self.config.masks)
        return self.network.draw(noise.uniform(self.spec.dimensions), mask, self.tell).unflatten(1, self.spec.shape)
