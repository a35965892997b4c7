"""Laurent Dinh, Jascha Sohl-Dickstein, Samy Bengio: Density estimation using Real NVP. ICLR 2017, arXiv 1605.08803."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Positive
from saddlepoint.families import Flow, FlowConfig
from saddlepoint.networks.bijections import Bijection, Chain, Factored, Flat, Logit, Squeeze
from saddlepoint.networks.coupling import AffineCoupling, channelwise, checkerboard
from saddlepoint.networks.mlp import mlp
from saddlepoint.networks.real_nvp import residual_network

MARGIN = 0.05
"""alpha of section 4.1."""
Mask = Callable[[tuple[int, ...], bool], Tensor]


class RealNVPConfig(FlowConfig):
    scales: int = Field(2, ge=1)
    """Images: sizes at which couplings work, each half the last; no more than the sides can be halved."""
    channels: int = Field(64, ge=1)
    """Images: channels of the residual networks at full size; they double with each halving."""
    blocks: int = Field(8, ge=0)
    """Images: residual blocks in each network."""
    couplings: int = Field(6, ge=2)
    """Points: coupling layers."""
    widths: Annotated[tuple[int, ...], Positive] = (128, 128)
    """Points: hidden units of the network of each coupling layer."""


@register(
    "real_nvp",
    paper=Paper(
        title="Density estimation using Real NVP",
        authors="Dinh, Laurent and Sohl-Dickstein, Jascha and Bengio, Samy",
        year=2017,
        venue="ICLR",
        arxiv="1605.08803",
    ),
    group="flow",
)
class RealNVP(Flow[RealNVPConfig]):
    """A flow of affine couplings at several scales: each layer scales and shifts one half by what the other tells."""

    Config = RealNVPConfig

    def bijection(self) -> Bijection:
        if self.spec.kind == "image":
            return Chain([Logit(MARGIN), self.scale(self.spec.shape, self.config.channels, self.config.scales)])
        (size,) = self.spec.shape
        return Chain(
            AffineCoupling(checkerboard((size,), i % 2 == 0), mlp(size, self.config.widths, 2 * size, nn.Tanh))
            for i in range(self.config.couplings)
        )

    def scale(self, shape: tuple[int, ...], channels: int, scales: int) -> Bijection:
        """Section 3.6: three couplings over a checkerboard, a squeeze, three over channels, and half goes on.

        The last scale has four over a checkerboard. A side that is odd cannot be squeezed.
        """
        c, h, w = shape
        if scales == 1 or h % 2 or w % 2:
            return Chain([*self.couplings(4, checkerboard, shape, channels), Flat(shape)])
        squeezed = (4 * c, h // 2, w // 2)
        rest = self.scale((2 * c, h // 2, w // 2), 2 * channels, scales - 1)
        return Chain(
            [
                *self.couplings(3, checkerboard, shape, channels),
                Squeeze(),
                *self.couplings(3, channelwise, squeezed, 2 * channels),
                Factored(squeezed, rest),
            ]
        )

    def couplings(self, count: int, mask: Mask, shape: tuple[int, ...], channels: int) -> list[Bijection]:
        """Layers whose masks alternate, so that what passes one is changed by the next."""
        return [
            AffineCoupling(
                mask(shape, i % 2 == 0), residual_network(shape[0], channels, 2 * shape[0], self.config.blocks)
            )
            for i in range(count)
        ]
