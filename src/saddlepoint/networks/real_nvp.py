"""A residual network that keeps the size of its images."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn.utils.parametrizations import weight_norm


class ResidualBlock(nn.Module):
    """x + conv(relu(conv(relu(x)))) (He et al. 2016, arXiv 1603.05027): (B, C, H, W) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.ReLU(),
            weight_norm(nn.Conv2d(channels, channels, 3, padding=1)),
            nn.ReLU(),
            weight_norm(nn.Conv2d(channels, channels, 3, padding=1)),
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


def residual_network(inputs: int, channels: int, outputs: int, blocks: int) -> nn.Module:
    """Weight-normalised residual blocks between two convolutions, the last of which starts at 0.

    (B, inputs, H, W) -> (B, outputs, H, W).
    """
    last = nn.Conv2d(channels, outputs, 1)
    nn.init.zeros_(last.weight)
    return nn.Sequential(
        weight_norm(nn.Conv2d(inputs, channels, 3, padding=1)),
        *(ResidualBlock(channels) for _ in range(blocks)),
        nn.ReLU(),
        last,
    )
