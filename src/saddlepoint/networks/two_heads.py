"""Networks of codes in two parts, z and a category: an encoder that gives both, their decoder, and judges."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot

from saddlepoint.networks.improved_gan import FromExamples
from saddlepoint.networks.mlp import ToExamples, mlp
from saddlepoint.networks.noise import GaussianNoise
from saddlepoint.types import DataSpec


class TwoHeads(nn.Module):
    """Examples (B, *shape) -> z (B, latent) and logits (B, categories), of which there may be none, by shared layers.

    noise: standard deviation on the input in training, where images are in [0, 1].
    """

    def __init__(self, spec: DataSpec, widths: Sequence[int], latent: int, categories: int, noise: float) -> None:
        super().__init__()
        *dense, self.z = mlp(spec.dimensions, widths, latent)
        self.trunk = nn.Sequential(FromExamples(spec), GaussianNoise(noise), *dense)
        self.y = nn.Linear(widths[-1], categories) if categories else None

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        hidden = self.trunk(x)
        logits = hidden[:, :0] if self.y is None else self.y(hidden)
        return self.z(hidden).float(), logits.float()


class TwoPartDecoder(nn.Module):
    """z (B, latent) and what is told beside it -> examples (B, *shape), by ReLU layers.

    Told are labels (B,) of the classes or probabilities (B, categories); or nothing, if z holds them already.
    """

    def __init__(self, spec: DataSpec, widths: Sequence[int], latent: int, categories: int) -> None:
        super().__init__()
        self.categories = categories
        self.layers = nn.Sequential(mlp(categories + latent, widths, spec.dimensions), ToExamples(spec))

    def forward(self, z: Tensor, told: Tensor | None = None) -> Tensor:
        if told is None:
            return self.layers(z)
        return self.layers(torch.cat([one_hot(told, self.categories) if told.ndim == 1 else told, z], 1))


class TwoJudges(nn.Module):
    """z (B, latent), categories (B, K) as one-hot or probabilities, labels y -> logits of each being the prior's.

    categories: K, which may be 0; classes: if not 0, z is judged beside its label, y being (B,) with -1 for unknown.
    """

    def __init__(self, latent: int, categories: int, widths: Sequence[int], classes: int = 0) -> None:
        super().__init__()
        self.classes = classes
        self.z = mlp(latent + (classes + 1 if classes else 0), widths, 1)
        self.y = mlp(categories, widths, 1) if categories else None

    def forward(self, z: Tensor, categories: Tensor, y: Tensor | None) -> dict[str, Tensor]:
        if self.classes:
            assert y is not None
            told = one_hot(torch.where(y < 0, self.classes, y), self.classes + 1)
            z = torch.cat([z, told.to(z.dtype)], 1)
        judged = {"z": self.z(z)}
        return judged if self.y is None else {**judged, "y": self.y(categories)}
