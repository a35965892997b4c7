"""The convolutional auto-encoder of VQ-VAE (van den Oord et al. 2017, arXiv 1711.00937, section 4.1).

Two strided convolutions take n pixels to n // 4, their mirror takes them back to n exactly, by output padding.
"""

from __future__ import annotations

from torch import Tensor, nn


class ResidualBlock(nn.Module):
    """x + conv1x1(relu(conv3x3(relu(x)))), on (B, channels, H, W)."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.ReLU(), nn.Conv2d(channels, channels, 3, padding=1), nn.ReLU(), nn.Conv2d(channels, channels, 1)
        )

    def forward(self, x: Tensor) -> Tensor:
        return x + self.layers(x)


def quarter(shape: tuple[int, ...]) -> tuple[int, int]:
    """Height and width of the map of codes of images (C, H, W)."""
    return shape[1] // 2 // 2, shape[2] // 2 // 2


def residual_encoder(shape: tuple[int, ...], channels: int, outputs: int) -> nn.Module:
    """(B, C, H, W) -> (B, outputs, H // 4, W // 4)."""
    return nn.Sequential(
        nn.Conv2d(shape[0], channels, 4, stride=2, padding=1),
        nn.ReLU(),
        nn.Conv2d(channels, channels, 4, stride=2, padding=1),
        ResidualBlock(channels),
        ResidualBlock(channels),
        nn.ReLU(),
        nn.Conv2d(channels, outputs, 1),
    )


def residual_decoder(shape: tuple[int, ...], channels: int, inputs: int, heads: int) -> nn.Module:
    """(B, inputs, H // 4, W // 4) -> (B, heads * C, H, W)."""
    height, width = shape[1:]
    return nn.Sequential(
        nn.Conv2d(inputs, channels, 3, padding=1),
        ResidualBlock(channels),
        ResidualBlock(channels),
        nn.ReLU(),
        nn.ConvTranspose2d(channels, channels, 4, 2, 1, output_padding=(height // 2 % 2, width // 2 % 2)),
        nn.ReLU(),
        nn.ConvTranspose2d(channels, heads * shape[0], 4, 2, 1, output_padding=(height % 2, width % 2)),
    )
