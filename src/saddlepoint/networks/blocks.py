"""Layers and initialisations that several networks share."""

from __future__ import annotations

from torch import Tensor, nn


class Maxout(nn.Module):
    """The largest of `pieces` affine maps, unit by unit: (B, inputs) -> (B, units).

    Goodfellow et al. 2013 (arXiv 1302.4389), equation 1.
    """

    def __init__(self, inputs: int, units: int, pieces: int) -> None:
        super().__init__()
        self.affine = nn.Linear(inputs, units * pieces)
        self.pieces = pieces

    def forward(self, x: Tensor) -> Tensor:
        return self.affine(x).unflatten(1, (-1, self.pieces)).max(dim=2).values


def init_normal(network: nn.Module, std: float = 0.02) -> None:
    """Weights from N(0, std²) and biases 0, as in Radford et al. 2016, section 4. Norm layers keep 1 and 0."""
    for layer in network.modules():
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.ConvTranspose2d):
            nn.init.normal_(layer.weight, std=std)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)
