"""A layer by which a discriminator sees the batch that an example comes with.

Tim Salimans et al.: Improved Techniques for Training GANs. NeurIPS 2016, arXiv 1606.03498, section 3.2.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.distributed import whole_batch


class MinibatchDiscrimination(nn.Module):
    """Features f (n, A) -> (n, A + kernels): beside f its closeness to the batch, o(x_i)_b = sum_j c_b(x_i, x_j).

    With the rows M = T f of `kernels` matrices of `dimensions` numbers, c_b(x_i, x_j) = exp(-|M_ib - M_jb|_1). The
    batch is that of all processes. A generator whose samples are all alike gives o near n, and data near 1.
    """

    def __init__(self, features: int, kernels: int = 100, dimensions: int = 5) -> None:
        super().__init__()
        self.shape = kernels, dimensions
        # Entries of M start with variance 1/dimensions for features of variance 1: distances of order 1.
        self.tensor = nn.Parameter(torch.randn(features, kernels * dimensions) / (features * dimensions) ** 0.5)

    def forward(self, features: Tensor) -> Tensor:
        own = (features @ self.tensor).float().unflatten(1, self.shape)
        distances = (own[:, None] - whole_batch(own)[None]).abs().sum(3)  # (n, n of all, kernels)
        return torch.cat([features, (-distances).exp().sum(1).to(features.dtype)], 1)
