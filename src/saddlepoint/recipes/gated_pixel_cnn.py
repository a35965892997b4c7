"""Gated PixelCNN.

Aäron van den Oord, Nal Kalchbrenner, Oriol Vinyals, Lasse Espeholt, Alex Graves, Koray Kavukcuoglu: Conditional Image
Generation with PixelCNN Decoders. 2016, arXiv 1606.05328.
"""

from __future__ import annotations

from pydantic import Field
from torch import Tensor
from torch.nn.functional import one_hot

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import Levels
from saddlepoint.errors import UserError
from saddlepoint.families import AutoregressiveConfig, PixelByPixel
from saddlepoint.families.autoregressive import PixelPredictor
from saddlepoint.networks.gated_pixel_cnn import GatedPixelCNN as Network
from saddlepoint.networks.gated_pixel_cnn import Reader


class GatedPixelCNNConfig(AutoregressiveConfig):
    by_class: bool = False
    """Learn each class's images: the label reaches every gate (equation 4). Needs labelled data."""
    layers: int = Field(20, ge=1)
    """Gated layers in each of the two stacks."""
    width: int = Field(384, ge=1)
    """Features of a stack, p. Rounded up to a multiple of the image's channels."""
    kernel: int = Field(5, ge=3)
    """Odd side of the kernels, 7 in the first layer."""


@register(
    "gated_pixel_cnn",
    group="autoregressive",
    paper=Paper(
        title="Conditional Image Generation with PixelCNN Decoders",
        authors="van den Oord, Aäron and Kalchbrenner, Nal and Vinyals, Oriol and Espeholt, Lasse and Graves, Alex and "
        "Kavukcuoglu, Koray",
        year=2016,
        venue="Advances in Neural Information Processing Systems",
        arxiv="1606.05328",
    ),
    presets={"conditional_pixel_cnn": {"by_class": True}},
)
class GatedPixelCNN(PixelByPixel[GatedPixelCNNConfig]):
    """PixelCNN in two stacks of gated layers, which leave no earlier pixel unseen; by class if asked."""

    Config = GatedPixelCNNConfig

    def build(self) -> None:
        config, spec = self.config, self.spec
        if config.kernel % 2 == 0:
            raise UserError(f"kernel={config.kernel} has no centre: kernels need an odd side.")
        if config.by_class and len(spec.classes) < 2:
            raise UserError(f"by_class=true needs labelled data of two classes or more, and this is {spec}.")
        self.conditional = config.by_class
        self.network = Network(
            spec.shape,
            spec.levels,
            layers=config.layers,
            width=config.width,
            size=config.kernel,
            context=len(spec.classes) if config.by_class else 0,
        )

    def context(self, y: Tensor | None) -> Tensor | None:
        """The class as planes of one pixel, (B, classes, 1, 1)."""
        if not self.conditional:
            return None
        assert y is not None
        return one_hot(y, len(self.spec.classes)).to(next(self.parameters()))[:, :, None, None]

    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.network(x, self.context(y))

    def predictor(self, y: Tensor | None) -> PixelPredictor:
        """Each layer remembers what it gave for the pixels before."""
        assert isinstance(self.network, Network)
        reader = Reader(self.network, self.context(y))
        return lambda x, i, j: Levels(reader(x, i, j))
