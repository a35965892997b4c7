"""Scores that are to stand apart by a margin."""

from __future__ import annotations

from torch import Tensor


def margin_shortfall(higher: Tensor, lower: Tensor, margin: float) -> Tensor:
    """E [lower + margin - higher]_+ over pairs of rows: by how much `higher` fails to be `margin` above `lower`.

    Juefei-Xu et al. 2017 (arXiv 1704.04865). Without the hinge it is Wasserstein GAN's critic loss plus the margin.
    higher, lower: scores of shape (B,) or (B, 1) alike, in any float dtype.
    """
    assert higher.shape == lower.shape, f"pairs need equal shapes, not {higher.shape} and {lower.shape}"
    return (lower.float() + margin - higher.float()).relu().mean()
