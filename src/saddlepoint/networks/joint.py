"""A discriminator of pairs of an example and a latent, and the encoders that answer it.

As in Dumoulin et al. 2017 (arXiv 1606.00704), figure 1 and appendix A: each half through layers of its own, then both
through dense ones.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from saddlepoint.networks.blocks import init_normal
from saddlepoint.networks.mlp import mlp
from saddlepoint.networks.pair import discriminator_for
from saddlepoint.types import DataSpec


class JointDiscriminator(nn.Module):
    """x (B, *shape), z (B, latent) -> logits (B, 1).

    Images go through DCGAN's discriminator up to its last hidden layer, z through two dense layers of `hidden` units,
    both together through two more; points and z go through one dense network of `widths`.
    dropout: share of the joint layers' units silenced at random in training.
    """

    def __init__(
        self, spec: DataSpec, latent: int, width: int, widths: Sequence[int], hidden: int, dropout: float = 0.0
    ) -> None:
        super().__init__()
        if spec.kind == "points":
            self.from_x, self.from_z = nn.Identity(), nn.Identity()
            self.joint = mlp(spec.dimensions + latent, widths, 1)
            return
        trunk = discriminator_for(spec, width, widths)
        self.from_x = nn.Sequential(*list(trunk.layers)[:-1], nn.Flatten())
        self.from_z = nn.Sequential(*_leaky(latent, hidden, dropout), *_leaky(hidden, hidden, dropout))
        joint = [*_leaky(trunk.width + hidden, 2 * hidden, dropout), *_leaky(2 * hidden, 2 * hidden, dropout)]
        self.joint = nn.Sequential(*joint, nn.Linear(2 * hidden, 1))
        init_normal(self.from_z)
        init_normal(self.joint)

    def forward(self, x: Tensor, z: Tensor) -> Tensor:
        return self.joint(torch.cat([self.from_x(x), self.from_z(z)], 1))


def _leaky(inputs: int, outputs: int, dropout: float) -> list[nn.Module]:
    return [nn.Linear(inputs, outputs), nn.LeakyReLU(0.2), nn.Dropout(dropout)]
