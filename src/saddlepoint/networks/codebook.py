"""A codebook for vector quantisation that follows the vectors it quantises.

Aaron van den Oord, Oriol Vinyals, Koray Kavukcuoglu: Neural Discrete Representation Learning. NeurIPS 2017,
arXiv 1711.00937.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from saddlepoint.types import Noise


class Codebook(nn.Module):
    """K vectors of D numbers, each the running mean of the vectors to which it was the nearest (appendix A.1).

    Nothing here has a gradient: `follow` moves the vectors, which are buffers.
    """

    vectors: Tensor
    """(K, D): e."""
    uses: Tensor
    """(K,): N, the running count of how often each was the nearest in a batch."""
    sums: Tensor
    """(K, D): m, the running sum of the vectors it was nearest to."""

    def __init__(self, codes: int, size: int) -> None:
        super().__init__()
        self.register_buffer("vectors", torch.randn(codes, size))
        self.register_buffer("uses", torch.zeros(codes))
        self.register_buffer("sums", torch.zeros(codes, size))

    @torch.no_grad()
    def nearest(self, z: Tensor) -> Tensor:
        """The code of each vector (equation 1): (B, D, h, w) -> (B, h, w), int64."""
        flat = z.float().movedim(1, -1)
        return torch.cdist(flat.flatten(0, 2), self.vectors).argmin(1).view(flat.shape[:-1])

    def embed(self, codes: Tensor) -> Tensor:
        """The vector of each code: (B, h, w) -> (B, D, h, w)."""
        return self.vectors[codes].movedim(-1, 1)

    @torch.no_grad()
    def follow(self, z: Tensor, noise: Noise, *, decay: float, revive: float) -> None:
        """Move each vector towards the mean of those of z (B, D, h, w) it is nearest to (equations 6 to 8).

        A code used less than `revive` times as often as the mean code is put to a random vector of z, and counts as
        used so often; at first that is nearly every code. noise: one row, the same in every process.
        """
        flat, codes = z.float().movedim(1, -1).flatten(0, 2), self.nearest(z).flatten()
        counts = torch.bincount(codes, minlength=len(self.uses)).float()
        share = counts.mean()
        self.uses.lerp_(counts, 1 - decay)
        self.sums.lerp_(torch.zeros_like(self.sums).index_add_(0, codes, flat), 1 - decay)
        picked = flat[noise.integers(len(flat), len(self.uses))[0]]
        dead = self.uses < revive * share
        self.uses.copy_(torch.where(dead, share, self.uses))
        self.sums.copy_(torch.where(dead[:, None], share * picked, self.sums))
        # A count that has decayed to nothing has no mean: without revival such a code stays where it was.
        alive = self.uses[:, None] > 1e-5 * share
        self.vectors.copy_(torch.where(alive, self.sums / self.uses[:, None].clamp_min(1e-30), self.vectors))

    def perplexity(self) -> Tensor:
        """exp of the entropy of the codes' use, (): K where all are used alike, 1 where one alone is."""
        p = self.uses / self.uses.sum().clamp_min(1e-30)
        return torch.special.entr(p).sum().exp()


def straight_through(z: Tensor, quantised: Tensor) -> Tensor:
    """`quantised` forward; backward its gradient goes to z as it is (section 3.1)."""
    return z + (quantised - z).detach()
