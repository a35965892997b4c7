"""Batch norm by a reference batch, so that no example depends on the others it comes with.

Tim Salimans et al.: Improved Techniques for Training GANs. NeurIPS 2016, arXiv 1606.03498, section 3.5.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn


class VirtualBatchNorm(nn.Module):
    """Normalises channels; the first `reference` rows of its input are the reference batch, which is normalised by
    its own statistics.

    Every other row is normalised by the statistics of the reference batch and itself: with r rows of reference, the
    row's own moments weigh 1 / (r + 1).
    """

    def __init__(self, channels: int, reference: int, eps: float = 1e-5) -> None:
        super().__init__()
        self.reference, self.eps = reference, eps
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x: Tensor) -> Tensor:
        """(r + B, C, ...) -> the same."""
        values, places = x.float(), tuple(range(2, x.ndim))
        mean, square = (v.mean(places) if places else v for v in (values, values.square()))
        mean, square = self._with_reference(mean), self._with_reference(square)
        scale = self.weight * torch.rsqrt((square - mean.square()).clamp_min(0) + self.eps)
        shift = self.bias - mean * scale
        scale, shift = (v.view(*v.shape, *[1] * len(places)) for v in (scale, shift))
        return (values * scale + shift).to(x.dtype)

    def _with_reference(self, own: Tensor) -> Tensor:
        """Each row's own moments (r + B, C) -> those that it is normalised by."""
        r = self.reference
        common = own[:r].mean(0, keepdim=True)
        return torch.cat([common.expand(r, -1), common.lerp(own[r:], 1 / (r + 1))])


class WithReference(nn.Module):
    """A network of `VirtualBatchNorm` layers with the reference batch it was born with."""

    batch: Tensor

    def __init__(self, network: nn.Module, batch: Tensor) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("batch", batch)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(torch.cat([self.batch, x]))[len(self.batch) :]
