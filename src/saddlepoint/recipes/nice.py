"""Laurent Dinh, David Krueger, Yoshua Bengio: NICE: Non-linear Independent Components Estimation. 2015, arXiv
1410.8516.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field
from torch import nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.config import Positive
from saddlepoint.distributions import StandardLogistic
from saddlepoint.families import Flow, FlowConfig
from saddlepoint.networks.bijections import Chain, Flat, Scale
from saddlepoint.networks.coupling import AdditiveCoupling, checkerboard
from saddlepoint.networks.mlp import mlp

PACE = 10.0
"""Of the scaling, which has furthest to go: pixels that hardly vary ask for factors of a hundred and more."""


class NICEConfig(FlowConfig):
    couplings: int = Field(4, ge=2)
    """Coupling layers; every second one passes the odd numbers of an example, the others the even ones."""
    widths: Annotated[tuple[int, ...], Positive] = (1000, 1000, 1000, 1000, 1000)
    """Hidden units of the network of each coupling layer."""


@register(
    "nice",
    paper=Paper(
        title="NICE: Non-linear Independent Components Estimation",
        authors="Dinh, Laurent and Krueger, David and Bengio, Yoshua",
        year=2015,
        venue="ICLR Workshop",
        arxiv="1410.8516",
    ),
    group="flow",
)
class NICE(Flow[NICEConfig]):
    """A flow of additive couplings, which keep volume, and one scaling: data become independent logistic numbers."""

    Config = NICEConfig
    base = StandardLogistic
    betas = (0.9, 0.99)
    eps = 1e-4

    def bijection(self) -> Chain:
        """Section 5.1: couplings on the flat example, then the diagonal scaling of section 3.3."""
        flat = (self.spec.dimensions,)
        layers = [AdditiveCoupling(checkerboard(flat, i % 2 == 0), self.told()) for i in range(self.config.couplings)]
        return Chain([Flat(self.spec.shape), *layers, Scale(flat, PACE)])

    def told(self) -> nn.Module:
        """m, a dense network of rectifiers."""
        return mlp(self.spec.dimensions, self.config.widths, self.spec.dimensions)
