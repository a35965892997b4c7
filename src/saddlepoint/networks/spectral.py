"""Spectral normalisation: every layer of a network with its largest singular value held at 1.

Miyato et al. 2018 (arXiv 1802.05957), section 2.1 and algorithm 1.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils import parametrize


class SpectralNorm(nn.Module):
    """W -> W / sigma(W), W as a matrix of one row an output: (outputs, ...) -> (outputs, ...).

    sigma is estimated by one step of power iteration from the buffer u, the last estimate of the first left singular
    vector. In training u moves on with every forward pass; evaluated, it stays. Gradients pass through W in sigma, and
    u and v count as constants (equation 12).
    """

    u: Tensor

    def __init__(self, outputs: int) -> None:
        super().__init__()
        self.register_buffer("u", normalize(torch.randn(outputs), dim=0))

    def forward(self, weight: Tensor) -> Tensor:
        # In half precision the iteration stalls at rounding errors, and sigma with it.
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            with torch.no_grad():
                v = normalize(matrix.T @ self.u, dim=0)
                u = normalize(matrix @ v, dim=0)
                if self.training:
                    self.u.copy_(u)
            return weight / (u @ (matrix @ v))


def spectral(network: nn.Module) -> None:
    """Put every dense, convolutional and embedding layer of `network` under spectral normalisation, in place."""
    for layer in list(network.modules()):
        if isinstance(layer, nn.Linear | nn.Conv2d | nn.Embedding):
            parametrize.register_parametrization(layer, "weight", SpectralNorm(len(layer.weight)))
