"""The networks of Salimans et al. 2016 (arXiv 1606.03498) for MNIST: dense, with noise on every layer of D."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

import torch
from torch import Tensor, nn

from saddlepoint.networks.minibatch_discrimination import MinibatchDiscrimination
from saddlepoint.networks.mlp import ToExamples
from saddlepoint.networks.noise import GaussianNoise
from saddlepoint.networks.pair import discriminator_for, generator_for
from saddlepoint.networks.virtual_batch_norm import VirtualBatchNorm, WithReference
from saddlepoint.networks.weight_norm import WeightNormLinear
from saddlepoint.types import DataSpec

REFERENCE, KERNELS = 64, 100
"""Rows of the reference batch; kernels of minibatch discrimination, of 5 dimensions each, as in the authors' code."""


def make_generator(
    spec: DataSpec, latent: int, widths: Sequence[int], *, width: int | None, virtual: bool = False
) -> nn.Module:
    """z (B, latent), uniform on [-1, 1] -> examples: the paper's dense network, or with a `width` the standard one.

    virtual: its batch norm takes a reference batch.
    """
    norm = partial(VirtualBatchNorm, reference=REFERENCE)
    if width is None:
        made = softplus_generator(spec, latent, widths, norm if virtual else nn.BatchNorm1d)
    else:
        made = generator_for(spec, latent, width, widths, norm=norm if virtual else nn.BatchNorm2d)
    return WithReference(made, 2 * torch.rand(REFERENCE, latent) - 1) if virtual else made


def make_judge(
    spec: DataSpec,
    widths: Sequence[int],
    outputs: int,
    *,
    width: int | None,
    noise: tuple[float, float],
    minibatch: bool = False,
) -> Judge:
    """Examples -> logits (B, outputs): the paper's dense network, or with a `width` the standard one.

    minibatch: with minibatch discrimination before the last layer.
    """
    if width is None:
        features, size = noisy_features(spec, widths, noise), widths[-1]
    else:
        standard = discriminator_for(spec, width, widths)
        features, size = nn.Sequential(*list(standard.layers)[:-1], nn.Flatten()), standard.width
    seen = size + (KERNELS if minibatch else 0)
    if width is None:
        last = nn.Sequential(GaussianNoise(noise[1]), WeightNormLinear(seen, outputs, train_scale=True))
    else:
        last = nn.Sequential(nn.Linear(seen, outputs))
    head = nn.Sequential(MinibatchDiscrimination(size, KERNELS), *last) if minibatch else last
    return Judge(features, head, apart=width is not None)


def softplus_generator(
    spec: DataSpec, latent: int, widths: Sequence[int], norm: Callable[[int], nn.Module] = nn.BatchNorm1d
) -> nn.Sequential:
    """z (B, latent) -> examples (B, *shape): normalised softplus layers, and a weight-normalised one.

    Its scale starts at 1/2, for the paper's images are sigmoid(a) = (1 + tanh(a / 2)) / 2.
    """
    layers: list[nn.Module] = []
    for width in widths:
        layers += [nn.Linear(latent, width, bias=False), norm(width), nn.Softplus()]
        latent = width
    output = WeightNormLinear(latent, spec.dimensions, train_scale=True)
    nn.init.constant_(output.scale, 0.5)
    return nn.Sequential(*layers, output, ToExamples(spec))


def noisy_features(spec: DataSpec, widths: Sequence[int], noise: tuple[float, float]) -> nn.Sequential:
    """Examples (B, *shape) -> (B, widths[-1]): weight-normalised ReLU layers, with Gaussian noise before each.

    noise: its standard deviation on the input, where images are in [0, 1], and on hidden layers.
    """
    inputs, std = spec.dimensions, noise[0]
    layers: list[nn.Module] = [FromExamples(spec)]
    for width in widths:
        layers += [GaussianNoise(std), WeightNormLinear(inputs, width), nn.ReLU()]
        inputs, std = width, noise[1]
    return nn.Sequential(*layers)


class FromExamples(nn.Module):
    """Examples as flat inputs: (B, *shape) -> (B, dimensions), images from [-1, 1] to [0, 1]."""

    def __init__(self, spec: DataSpec) -> None:
        super().__init__()
        self.image = spec.kind == "image"

    def forward(self, x: Tensor) -> Tensor:
        return (x.flatten(1) + 1) / 2 if self.image else x.flatten(1)


class Judge(nn.Module):
    """A discriminator in two parts: `features`, x (B, *shape) -> (B, width), and `head`, (B, width) -> (B, outputs).

    The head may compare the examples of a batch; apart: so may the features, as batch norm does.
    """

    def __init__(self, features: nn.Module, head: nn.Module, apart: bool) -> None:
        super().__init__()
        self.features, self.head, self.apart = features, head, apart

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x))

    def each(self, *batches: Tensor) -> list[Tensor]:
        """The logits of several batches, each by itself; in one pass as far as that changes nothing."""
        if self.apart:
            return [self(x) for x in batches]
        features = self.features(torch.cat(batches)).split([len(x) for x in batches])
        return [self.head(part) for part in features]
