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


class ConditionalBatchNorm(nn.Module):
    """Batch norm whose scale and shift belong to the class: (B, C, H, W), labels (B,) -> (B, C, H, W).

    Dumoulin et al. 2017 (arXiv 1610.07629), equation 5.
    """

    def __init__(self, channels: int, classes: int) -> None:
        super().__init__()
        self.norm = nn.BatchNorm2d(channels, affine=False)
        self.scale, self.shift = nn.Embedding(classes, channels), nn.Embedding(classes, channels)
        nn.init.normal_(self.scale.weight, 1, 0.02)  # classes apart from the first step on
        nn.init.zeros_(self.shift.weight)

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        scale, shift = self.scale(y)[:, :, None, None], self.shift(y)[:, :, None, None]
        return self.norm(x) * scale.to(x.dtype) + shift.to(x.dtype)
