"""A distribution over maps of discrete codes, one code after another."""

from __future__ import annotations

from itertools import product

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saddlepoint.networks.pixel_cnn_pp import PixelCNNPPNetwork
from saddlepoint.networks.shifted_memory import Reader


class CodePrior(nn.Module):
    """p(codes) as the product over positions, in raster order, of p(code | codes before it).

    The network is PixelCNN++'s at one size, on learned vectors of the codes.
    """

    def __init__(self, codes: int, channels: int, layers: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(codes, channels)
        self.network = PixelCNNPPNetwork(channels, codes, channels, layers, dropout=0.0, halvings=0)

    def forward(self, codes: Tensor) -> Tensor:
        """Logits of each position's code given those before it: (B, h, w) -> (B, K, h, w)."""
        return self.network(self.embedding(codes).movedim(-1, 1))

    def log_prob(self, codes: Tensor) -> Tensor:
        """Log-probability of each map in nats: (B, h, w) -> (B,)."""
        return -F.cross_entropy(self(codes).float(), codes, reduction="none").flatten(1).sum(1)

    @torch.no_grad()
    def sample(self, uniform: Tensor) -> Tensor:
        """Codes by their quantiles, from uniform draws: (B, h, w) -> (B, h, w), int64."""
        height, width = uniform.shape[1:]
        read, codes = Reader(self.network, height, width), torch.zeros_like(uniform, dtype=torch.int64)
        vectors = uniform.new_zeros(len(uniform), self.embedding.embedding_dim, height, width)
        for i, j in product(range(height), range(width)):
            below = read(vectors, i, j)[:, :, 0, 0].float().softmax(1).cumsum(1) <= uniform[:, i, j, None]
            codes[:, i, j] = below[:, :-1].sum(1)  # rounding may leave the last sum below 1
            vectors[:, :, i, j] = self.embedding(codes[:, i, j])
        return codes
