"""Networks of several domains that share all layers but those nearest to the example.

Liu and Tuzel 2016 (arXiv 1606.07536), section 3: what is abstract is shared, what is a domain's own look is not.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.networks.blocks import init_normal


class CoupledGenerator(nn.Module):
    """z (B, latent), domains y (B,) -> examples: `shared` layers, then those of the domain.

    The same z in two domains gives a pair.
    """

    def __init__(self, layers: nn.Sequential, own: int, domains: int, spatial: bool) -> None:
        super().__init__()
        every = list(layers)
        self.shared, self.spatial = nn.Sequential(*every[:-own]), spatial
        self.own = nn.ModuleList(_apart(every[-own:]) for _ in range(domains))

    def forward(self, z: Tensor, y: Tensor) -> Tensor:
        return _each(self.own, self.shared(z[:, :, None, None] if self.spatial else z), y)


class CoupledDiscriminator(nn.Module):
    """Examples x of domains y (B,) -> logits (B, 1): the layers of the domain, then `shared` ones."""

    def __init__(self, layers: nn.Sequential, own: int, domains: int) -> None:
        super().__init__()
        every = list(layers)
        self.own = nn.ModuleList(_apart(every[:own]) for _ in range(domains))
        self.shared = nn.Sequential(*every[own:])

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        return self.shared(_each(self.own, x, y)).flatten(1)


def _apart(layers: Sequence[nn.Module]) -> nn.Sequential:
    """A copy with weights of its own, from the same distribution."""
    new = copy.deepcopy(nn.Sequential(*layers))
    for layer in new:
        if isinstance(layer, nn.Linear):
            layer.reset_parameters()
    if any(isinstance(layer, nn.Conv2d | nn.ConvTranspose2d) for layer in new):
        init_normal(new)
    return new


def _each(own: nn.ModuleList, x: Tensor, y: Tensor) -> Tensor:
    """Every row through its domain's layers. All domains compute all rows: a batch's mixture costs no waiting."""
    every = torch.stack([layers(x) for layers in own])
    return every[y, torch.arange(len(y), device=y.device)]
