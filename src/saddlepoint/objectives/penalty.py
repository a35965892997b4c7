"""The penalties on a discriminator by name, each as its paper has it, before its weight."""

from __future__ import annotations

from torch import Tensor, nn

from saddlepoint.objectives.penalties import interpolates, orthogonality, slope, slope_squared
from saddlepoint.types import Noise

WEIGHTS: dict[str, float] = {
    "r1": 10.0,
    "r2": 10.0,
    "wgan_gp": 10.0,
    "dragan": 10.0,
    "zero_centred": 10.0,
    "orthogonal": 1e-4,
}
"""Their papers', from memory; that of `orthogonal` is from Brock et al. 2019 (arXiv 1809.11096)."""


def penalty(name: str, critic: nn.Module, real: Tensor, fake: Tensor, noise: Noise, deviation: Tensor) -> Tensor:
    """A scalar in float32 of examples (B, *shape). noise: of these rows; deviation: of all real values, for dragan."""
    match name:
        case "r1":  # Mescheder et al. 2018 (arXiv 1801.04406), equation 9
            return slope_squared(critic, real).mean() / 2
        case "r2":  # Mescheder et al. 2018, section 4.1
            return slope_squared(critic, fake).mean() / 2
        case "wgan_gp":  # Gulrajani et al. 2017 (arXiv 1704.00028), equation 3
            return (slope(critic, interpolates(real, fake, noise.uniform(1))) - 1).square().mean()
        case "zero_centred":  # Thanh-Tung et al. 2019 (arXiv 1902.03984)
            return slope_squared(critic, interpolates(real, fake, noise.uniform(1))).mean()
        case "dragan":  # Kodali et al. 2017 (arXiv 1705.07215), algorithm 1
            return (slope(critic, real + 0.5 * deviation * noise.normal(*real.shape[1:])) - 1).square().mean()
        case _:
            assert name == "orthogonal", name
            return orthogonality(p for p in critic.parameters() if p.ndim > 1)
