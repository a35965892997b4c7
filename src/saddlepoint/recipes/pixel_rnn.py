"""PixelRNN.

Aäron van den Oord, Nal Kalchbrenner, Koray Kavukcuoglu: Pixel Recurrent Neural Networks. 2016, arXiv 1601.06759.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field
from torch import Tensor

from saddlepoint.catalogue import Paper, register
from saddlepoint.distributions import Levels
from saddlepoint.families import AutoregressiveConfig, PixelByPixel
from saddlepoint.families.autoregressive import PixelPredictor
from saddlepoint.networks.pixel_rnn import DiagonalBiLSTM, PixelRNNNetwork, RowLSTM
from saddlepoint.networks.pixel_rnn_memory import Reader


class PixelRNNConfig(AutoregressiveConfig):
    layer: Literal["diagonal", "row"] = "diagonal"
    """Diagonal BiLSTM, which sees all before but ends of the row above, or Row LSTM, which sees a
    triangle above and is faster."""
    layers: int = Field(12, ge=1)
    """Recurrent layers, each with a residual connection (paper: 7 for digits, with a width of 16)."""
    width: int = Field(128, ge=1)
    """Features of a layer's state, h; the residual stream has 2h. Rounded up to a multiple of the image's channels."""
    head: int = Field(1024, ge=1)
    """Features of the 1x1 layer before the last (for digits, 32), rounded up too."""


@register(
    "pixel_rnn",
    group="autoregressive",
    paper=Paper(
        title="Pixel Recurrent Neural Networks",
        authors="van den Oord, Aäron and Kalchbrenner, Nal and Kavukcuoglu, Koray",
        year=2016,
        venue="International Conference on Machine Learning",
        arxiv="1601.06759",
    ),
    presets={"pixel_rnn_row": {"layer": "row"}},
)
class PixelRNN(PixelByPixel[PixelRNNConfig]):
    """Each pixel given those before it, by LSTMs that run over the image in rows or along its diagonals."""

    Config = PixelRNNConfig

    def build(self) -> None:
        config, spec = self.config, self.spec
        layer = RowLSTM if config.layer == "row" else DiagonalBiLSTM
        self.network = PixelRNNNetwork(spec.shape[0], spec.levels, layer, config.layers, config.width, config.head)

    def predict(self, x: Tensor, y: Tensor | None) -> Tensor:
        return self.network(x)

    def predictor(self, y: Tensor | None) -> PixelPredictor:
        """One pixel a call: every layer remembers its states of the pixels before."""
        assert isinstance(self.network, PixelRNNNetwork)
        read = Reader(self.network, *self.spec.shape[1:])
        return lambda x, i, j: Levels(read(x, i, j))
