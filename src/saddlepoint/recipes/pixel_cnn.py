"""PixelCNN.

Aäron van den Oord, Nal Kalchbrenner, Koray Kavukcuoglu: Pixel Recurrent Neural Networks. 2016, arXiv 1601.06759.
"""

from __future__ import annotations

from itertools import pairwise

from pydantic import Field
from torch import Tensor, nn

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import Levels
from saddlepoint.families import AutoregressiveConfig, PixelByPixel
from saddlepoint.families.autoregressive import Conditionals, PixelPredictor
from saddlepoint.networks.masked import MaskedConv2d, Memory, See, everywhere
from saddlepoint.types import DataSpec


class PixelCNNConfig(AutoregressiveConfig):
    blocks: int = Field(15, ge=1)
    """Residual blocks."""
    width: int = Field(128, ge=1)
    """Features inside a block, h; the residual stream has 2h. Rounded up to a multiple of the image's channels."""
    head: int = Field(1024, ge=1)
    """Features of the two 1x1 layers at the end (the paper takes 32 for black and white digits), rounded up too."""
    dilation_cycle: int = Field(1, ge=1)
    """Block after block the 3x3 convolutions reach 1, 2, 4, ... pixels far, and after so many blocks 1 again, as in
    WaveNet (van den Oord et al. 2016, arXiv 1609.03499). The paper's all reach 1, and its network blocks + 3."""


class Block(nn.Module):
    """2h -> h -> h -> 2h by 1x1, 3x3 and 1x1 convolutions, ReLU before each, and a residual connection. Figure 5."""

    def __init__(self, h: int, groups: int, dilation: int) -> None:
        super().__init__()
        self.down = MaskedConv2d("features", 2 * h, h, (1, 1), groups)
        self.across = MaskedConv2d("features", h, h, (3, 3), groups, dilation)
        self.up = MaskedConv2d("features", h, 2 * h, (1, 1), groups)

    def forward(self, x: Tensor, see: See) -> Tensor:
        return x + see(self.up, see(self.across, see(self.down, x.relu()).relu()).relu())


def _start(layer: nn.Module) -> None:
    """Weights for ReLUs, and blocks that begin as the identity, so that depth costs no signal. The paper names none."""
    if isinstance(layer, MaskedConv2d):
        layer.start_for_relu()
    if isinstance(layer, Block):
        nn.init.zeros_(layer.up.weight)


class PixelCNNNetwork(nn.Module):
    """Table 1, column PixelCNN: images (B, C, H, W) -> logits (B, levels, C, H, W)."""

    def __init__(self, spec: DataSpec, config: PixelCNNConfig) -> None:
        super().__init__()
        groups = spec.shape[0]
        h, head = (-(-features // groups) * groups for features in (config.width, config.head))
        self.levels = spec.levels
        self.first = MaskedConv2d("image", groups, 2 * h, (7, 7), groups)
        self.blocks = nn.ModuleList(Block(h, groups, 2 ** (k % config.dilation_cycle)) for k in range(config.blocks))
        widths = (2 * h, head, head, spec.levels * groups)
        self.head = nn.ModuleList(
            MaskedConv2d("features", before, after, (1, 1), groups) for before, after in pairwise(widths)
        )
        self.apply(_start)

    def forward(self, x: Tensor, see: See = everywhere) -> Tensor:
        x = see(self.first, x)
        for block in self.blocks:
            x = block(x, see)
        for layer in self.head:
            assert isinstance(layer, MaskedConv2d)
            x = see(layer, x.relu())
        return x.unflatten(1, (self.levels, -1))


@register(
    "pixel_cnn",
    group="autoregressive",
    paper=Paper(
        title="Pixel Recurrent Neural Networks",
        authors="van den Oord, Aäron and Kalchbrenner, Nal and Kavukcuoglu, Koray",
        year=2016,
        venue="International Conference on Machine Learning",
        arxiv="1601.06759",
    ),
)
class PixelCNN(PixelByPixel[PixelCNNConfig]):
    """Each pixel given those before it, by convolutions masked to see no other."""

    Config = PixelCNNConfig

    def build(self) -> None:
        self.network = PixelCNNNetwork(self.spec, self.config)

    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.network(x)

    def predictor(self, y: Tensor | None) -> PixelPredictor:
        """One pixel a call: every layer remembers what it gave for the pixels before."""
        memory = Memory(*self.spec.shape[1:])

        def predict(x: Tensor, i: int, j: int) -> Conditionals:
            memory.stand(i, j)
            return Levels(self.network(x, memory))

        return predict
