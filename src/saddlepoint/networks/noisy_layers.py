"""Layers of units that tell each other, up and down by the same weights, with noise in the upper ones.

Bengio et al. 2014, "Deep Generative Stochastic Networks Trainable by Backprop" (arXiv 1306.1091), section 5.1 and
figure 3; the order of updates is that of a deep Boltzmann machine's Gibbs chain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor, nn

from saddlepoint.types import Noise


class NoisyLayers(nn.Module):
    """units: of the visible layer, then of the hidden ones; std: of the noise around the tanh of all but the first."""

    def __init__(self, units: Sequence[int], std: float) -> None:
        super().__init__()
        self.std = std
        self.weights = nn.ParameterList(_glorot(below, above) for below, above in pairwise(units))
        self.biases = nn.ParameterList(torch.zeros(size) for size in units)

    @property
    def visible_bias(self) -> Tensor:
        """Log-odds of the visible units where the hidden ones say nothing, (visible,)."""
        return self.biases[0]

    @torch.no_grad()
    def expect(self, v: Tensor) -> None:
        """Let the visible biases be the log-odds of these data in [0, 1], (B, visible).

        From zero, Adam takes thousands of steps to a black border. Meanwhile saturated hidden units stand in for it,
        and tanh being odd, what lights few pixels turns into what lights all but a few, where chains from noise end.
        """
        on, count = v.sum(0), len(v)
        self.visible_bias.copy_(((on + 0.5) / (count - on + 0.5)).log())

    def start(self, rows: int) -> list[Tensor]:
        """Hidden layers that say nothing, (rows, units) each."""
        return [bias.new_zeros(rows, len(bias)) for bias in list(self.biases)[1:]]

    def order(self) -> list[int]:
        """Odd layers before even ones."""
        return [*range(1, len(self.biases), 2), *range(2, len(self.biases), 2)]

    def draws(self, noise: Noise) -> list[Tensor]:
        """Noise before and after the tanh of each layer that has it, in their order: (B, 2, units) each."""
        return [noise.normal(2, len(self.biases[i])) for i in self.order() if i > 1]

    def forward(self, v: Tensor, hidden: Sequence[Tensor], noise: Sequence[Tensor]) -> tuple[Tensor, list[Tensor]]:
        """All hidden layers anew, with noise from `draws`: the visible units' log-odds (B, visible), and the layers."""
        layers, drawn = [v, *hidden], iter(noise)
        for i in self.order():
            told = layers[i - 1] @ self.weights[i - 1] + self.biases[i]
            if i + 1 < len(layers):
                told = told + layers[i + 1] @ self.weights[i].T
            told = told.float()
            if i == 1:
                layers[i] = told.tanh()
            else:
                before, after = next(drawn).unbind(1)
                layers[i] = (told + self.std * before).tanh() + self.std * after
        return (layers[1] @ self.weights[0].T + self.biases[0]).float(), layers[1:]


def _glorot(below: int, above: int) -> Tensor:
    """Uniform of variance 2 / (below + above) (Glorot & Bengio 2010)."""
    return (2 * torch.rand(below, above) - 1) * math.sqrt(6 / (below + above))
