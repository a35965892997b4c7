"""What a decoder's numbers mean: the distribution p(x|z) that they are the parameters of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

from saddlepoint.distributions import DiagonalNormal
from saddlepoint.objectives.likelihoods import Measure, bernoulli, discretised_logistic

Kind = Literal["bernoulli", "gaussian", "discretised_logistic"]

MEASURES: dict[Kind, Measure] = {"bernoulli": "binary", "gaussian": "density", "discretised_logistic": "levels"}
MIN_LOG_SCALE: dict[Kind, float] = {"gaussian": -5.5, "discretised_logistic": -7.0}
"""Learned scales stay above half a grey level (1/255), below which a density rewards constant pixels without bound;
a discretised logistic has no such reward, and its floor (PixelCNN++'s) only guards against overflow."""


@dataclass(frozen=True, kw_only=True)
class Observation:
    """Independent values given a decoder's output (B, heads * C, H, W) or (B, heads * D).

    std: of the gaussian, on the [-1, 1] scale; 0: it is learned, as the other scales are.
    """

    kind: Kind
    std: float = 0.0
    image: bool = True

    @property
    def heads(self) -> int:
        """Parameters of one value: its mean (or logit) alone, or also its log-scale."""
        return 1 if self.kind == "bernoulli" or self.std else 2

    @property
    def measure(self) -> Measure:
        return MEASURES[self.kind]

    def log_prob(self, x: Tensor, output: Tensor) -> Tensor:
        """log p(x|output) in nats, (B,), with respect to `measure`."""
        if self.kind == "bernoulli":
            return bernoulli(x, output.float())
        if self.kind == "gaussian":
            return self.normal(output).log_prob(x)
        return discretised_logistic(x, *self._mean_and_log_scale(output))

    def normal(self, output: Tensor) -> DiagonalNormal:
        """p(x|output) of the gaussian kind."""
        assert self.kind == "gaussian"
        if self.std:
            return DiagonalNormal(output.float(), torch.full_like(output, self.std, dtype=torch.float32).log())
        return DiagonalNormal(*self._mean_and_log_scale(output))

    def _mean_and_log_scale(self, output: Tensor) -> tuple[Tensor, Tensor]:
        mean, raw = output.float().chunk(2, dim=1)
        floor = MIN_LOG_SCALE[self.kind]
        return mean, floor + F.softplus(raw - floor)

    def mean(self, output: Tensor) -> Tensor:
        """The mean of x, (B, *shape); images in [-1, 1]."""
        output = output.float()
        if self.kind == "bernoulli":
            return 2 * output.sigmoid() - 1
        mean = output.chunk(self.heads, dim=1)[0]
        return mean.clamp(-1, 1) if self.image else mean
