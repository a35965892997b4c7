"""PixelCNN++.

Tim Salimans, Andrej Karpathy, Xi Chen, Diederik P. Kingma: PixelCNN++: Improving the PixelCNN with Discretized Logistic
Mixture Likelihood and Other Modifications. ICLR 2017, arXiv 1701.05517.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.errors import UserError
from saddlepoint.families import AutoregressiveConfig, PixelByPixel
from saddlepoint.families.autoregressive import PixelPredictor
from saddlepoint.networks.pixel_cnn_pp import PixelCNNPPNetwork
from saddlepoint.networks.shifted_memory import Reader
from saddlepoint.objectives.logistic_mixture import LogisticMixture


class PixelCNNPPConfig(AutoregressiveConfig):
    channels: int = Field(160, ge=1)
    """Channels of each stream."""
    layers: int = Field(5, ge=1)
    """Residual layers of each stream at each of three sizes, on the way in; as many and one more on the way out."""
    mixtures: int = Field(10, ge=1)
    """Logistics in a pixel's mixture."""
    dropout: float = Field(0.5, ge=0, lt=1)
    """Share of numbers dropped between the two convolutions of a residual layer."""


@register(
    "pixel_cnn_pp",
    group="autoregressive",
    paper=Paper(
        title="PixelCNN++: Improving the PixelCNN with Discretized Logistic Mixture Likelihood and Other Modifications",
        authors="Salimans, Tim and Karpathy, Andrej and Chen, Xi and Kingma, Diederik P.",
        year=2017,
        venue="International Conference on Learning Representations",
        arxiv="1701.05517",
    ),
)
class PixelCNNPP(PixelByPixel[PixelCNNPPConfig]):
    """A PixelCNN that draws a whole pixel from a mixture of discretised logistics, where grey levels have an order."""

    Config = PixelCNNPPConfig
    distribution = LogisticMixture

    def build(self) -> None:
        config, channels = self.config, self.spec.shape[0]
        if self.spec.levels == 2:
            raise UserError(f"PixelCNNPP learns images of 256 levels, and this is {self.spec}: leave binarise out.")
        outputs = config.mixtures * (channels + 1) * (channels + 2) // 2
        self.network = PixelCNNPPNetwork(channels, outputs, config.channels, config.layers, config.dropout)

    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.network(x).unflatten(1, (self.config.mixtures, -1))

    def predictor(self, y: Tensor | None) -> PixelPredictor:
        """Each layer remembers what it gave for the pixels before."""
        assert isinstance(self.network, PixelCNNPPNetwork)
        read = Reader(self.network, *self.spec.shape[1:])
        return lambda x, i, j: LogisticMixture(read(x, i, j).unflatten(1, (self.config.mixtures, -1)))
