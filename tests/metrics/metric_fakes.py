"""A data set in memory and recipes without training: all that the evaluator needs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from saddlepoint.config import Config
from saddlepoint.metrics.datalike import Positions
from saddlepoint.recipe import Player, Recipe, Update
from saddlepoint.types import Batch, DataSpec, Noise


@dataclass(frozen=True)
class Examples:
    spec: DataSpec
    rows: Tensor
    labels: Tensor | None = None

    def __len__(self) -> int:
        return len(self.rows)

    def x(self, positions: Positions) -> Tensor:
        return self.rows[torch.from_numpy(positions)]

    def y(self, positions: Positions) -> Tensor | None:
        return None if self.labels is None else self.labels[torch.from_numpy(positions)]


@dataclass(frozen=True)
class Data:
    spec: DataSpec
    train: Examples
    validation: Examples
    test: Examples
    source: str = "made"
    fingerprint: str = "f" * 64
    truth: None = None


def make_data(
    *,
    shape: tuple[int, ...] = (1, 8, 8),
    classes: int = 0,
    train: int = 200,
    test: int = 80,
    seed: int = 0,
    source: str = "made",
) -> Data:
    """Images (or points) whose class sets their brightness, on the 256 levels."""
    kind = "image" if len(shape) == 3 else "points"
    spec = DataSpec(shape=shape, kind=kind, classes=tuple(f"c{i}" for i in range(classes)))
    generator = torch.Generator().manual_seed(seed)

    def split(count: int) -> Examples:
        labels = torch.randint(max(classes, 1), (count,), generator=generator)
        mean = (labels / max(classes - 1, 1) - 0.5).view(-1, *[1] * len(shape))
        rows = mean + 0.2 * torch.randn(count, *shape, generator=generator)
        if kind == "image":
            rows = ((rows.clamp(-1, 1) + 1) * 127.5).round() / 127.5 - 1
        return Examples(spec, rows, labels if classes else None)

    return Data(
        spec,
        split(train),
        split(20),
        split(test),
        source,
        f"{seed:02d}{'-'.join(map(str, shape))}{classes}{train}{test}",
    )


class NoConfig(Config):
    pass


class Untrained(Recipe[NoConfig]):
    """What the evaluator never calls, and one weight to have a device."""

    Config = NoConfig
    kinds = ("image", "points")

    def build(self) -> None:
        self.weight = nn.Parameter(torch.zeros(()))

    def players(self) -> dict[str, Player]:
        raise NotImplementedError

    def step(self, batches: Iterator[Batch], update: Update, t: int) -> None:
        raise NotImplementedError


class Brightness(Untrained):
    """Draws noise around a brightness: the made data's unlabelled distribution at scale 0.2."""

    scale = 0.2

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        return self.scale * noise.normal(*self.spec.shape) - 0.5


class Conditional(Untrained):
    """Draws the class asked for, exactly as the made data does, and remembers the labels."""

    conditional = True

    def draw(self, noise: Noise, y: Tensor | None) -> Tensor:
        assert y is not None
        self.asked = y
        mean = (y / (len(self.spec.classes) - 1) - 0.5).view(-1, *[1] * len(self.spec.shape))
        return mean + 0.2 * noise.normal(*self.spec.shape)


class Bounded(Brightness):
    """Knows its density, N(-0.5, 0.2²) in every value."""

    measure = "density"

    def elbo(self, x: Tensor, noise: Noise, y: Tensor | None = None) -> Tensor:
        return torch.distributions.Normal(-0.5, 0.2).log_prob(x).flatten(1).sum(1)


class Sorting(Brightness):
    """Knows the brightness of each class, and takes the nearest."""

    def classify(self, x: Tensor) -> Tensor:
        means = torch.linspace(-0.5, 0.5, len(self.spec.classes))
        return -(x.flatten(1).mean(1, keepdim=True) - means).abs()


def build(recipe: type[Recipe[NoConfig]], data: Data) -> Recipe[NoConfig]:
    return recipe(data.spec, NoConfig())


def features(count: int, dim: int, seed: int = 0) -> Tensor:
    """Correlated normal features, (count, dim) float32."""
    rng = np.random.default_rng(seed)
    mix = rng.normal(size=(dim, dim)) / dim**0.5
    return torch.from_numpy((rng.normal(size=(count, dim)) @ mix + rng.normal(size=dim)).astype(np.float32))
