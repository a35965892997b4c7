"""Log-likelihoods of whole examples in nats, (B, ...) -> (B,), and what they are measured against.

x lies in [-1, 1] for images. Three measures occur, and numbers under different ones do not compare:

- "levels": probabilities of images of 256 grey levels, which sum to 1 over all such images;
- "density": a density on the [-1, 1] scale, which may exceed 1;
- "binary": probabilities of images of black (-1) and white (1) pixels.
"""

from __future__ import annotations

import math
from typing import Literal

import torch
import torch.nn.functional as F
from torch import Tensor

Measure = Literal["levels", "density", "binary"]

LEVELS = 256


def bernoulli(x: Tensor, logits: Tensor) -> Tensor:
    """Log-probability of black and white images under independent pixels, white with probability sigmoid(logits).

    Grey x in (-1, 1) gives the mean log-probability of images binarised at random, each pixel white with probability
    (x + 1) / 2. It is no log-density of x: that would need the normaliser of Loaiza-Ganem & Cunningham 2019.
    """
    return -F.binary_cross_entropy_with_logits(logits, (x + 1) / 2, reduction="none").flatten(1).sum(1)


def logistic_log_mass(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Log of a logistic's mass in the bin around each of 256 levels x, shapes broadcast (Kingma et al. 2016).

    The bins of -1 and 1 reach to infinity, so that the masses sum to 1.
    """
    half_bin = 1 / (LEVELS - 1)
    inverse_scale = torch.exp(-log_scale)
    upper = (x + half_bin - mean) * inverse_scale
    lower = (x - half_bin - mean) * inverse_scale
    # sigmoid(a) - sigmoid(b) = sigmoid(a) sigmoid(-b) (1 - exp(b - a)) holds its precision far out in the tails.
    inside = torch.log(-torch.expm1(-2 * half_bin * inverse_scale))
    below, above = F.logsigmoid(upper), F.logsigmoid(-lower)
    return torch.where(x <= -1 + half_bin, below, torch.where(x >= 1 - half_bin, above, below + above + inside))


def discretised_logistic(x: Tensor, mean: Tensor, log_scale: Tensor) -> Tensor:
    """Log-probability of images of 256 levels whose numbers are independent logistics, each of its bin."""
    return logistic_log_mass(x, mean, log_scale).flatten(1).sum(1)


def bits_per_dimension(nats: Tensor, dimensions: int, measure: Measure) -> Tensor:
    """-log2 of the probability per dimension, from a log-likelihood (or a bound on it) in nats.

    A density is turned into the probability of a bin of width 2/255, the distance between two of 256 levels in
    [-1, 1], at the bin's centre; that is exact only where the density is flat over a bin. Lower is better.
    """
    bin_width = math.log(2 / (LEVELS - 1)) if measure == "density" else 0.0
    return -(nats / dimensions + bin_width) / math.log(2)
