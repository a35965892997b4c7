"""Networks of dense layers, for examples of any shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from torch import Tensor, nn

from saddlepoint.networks.blocks import Maxout
from saddlepoint.types import DataSpec


def mlp(
    inputs: int,
    widths: Sequence[int],
    outputs: int,
    activation: Callable[[], nn.Module] = nn.ReLU,
    output_bias: bool = True,
) -> nn.Sequential:
    """Dense layers with an activation after each but the last: (B, inputs) -> (B, outputs)."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(inputs, width), activation()]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs, bias=output_bias))


def maxout_mlp(inputs: int, widths: Sequence[int], outputs: int, pieces: int, dropout: float = 0.0) -> nn.Sequential:
    """Maxout layers, each with dropout after it, and a linear one: (B, inputs) -> (B, outputs)."""
    layers: list[nn.Module] = []
    for width in widths:
        layers += [Maxout(inputs, width, pieces), nn.Dropout(dropout)]
        inputs = width
    return nn.Sequential(*layers, nn.Linear(inputs, outputs))


class ToExamples(nn.Module):
    """Flat network outputs as examples: (B, dimensions) -> (B, *shape), images through tanh into (-1, 1).

    tanh(a) = 2 sigmoid(2a) - 1: the sigmoid outputs of early papers, on their pixels in [0, 1], are the same map.
    """

    def __init__(self, spec: DataSpec) -> None:
        super().__init__()
        self.shape, self.bounded = spec.shape, spec.kind == "image"

    def forward(self, flat: Tensor) -> Tensor:
        assert flat.shape[1] == math.prod(self.shape), f"{flat.shape[1]} numbers are no {self.shape}"
        # In bf16 a tanh above 0.998 is 1, and its gradient 0: a pixel that is sure would never learn again.
        return (flat.float().tanh() if self.bounded else flat).unflatten(1, self.shape)
