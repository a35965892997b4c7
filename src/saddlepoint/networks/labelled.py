"""A network that is told the label of each example."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn.functional import one_hot


class Labelled(nn.Module):
    """Appends the label to the input of `network`: constant planes to an image, numbers to a vector.

    x (B, C, ...) and y -> network of (B, C + classes, ...). y: labels (B,) int64, or a weight of each class (B, K).
    flat: an image becomes a vector first, as dense networks take it, and its label's number has the norm that a plane
    would have: a 1 is hardly heard beside 784 pixels, and samples are then of other classes than were asked for.
    """

    def __init__(self, network: nn.Module, classes: int, *, flat: bool = False) -> None:
        super().__init__()
        self.network, self.classes, self.flat = network, classes, flat

    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        label = (one_hot(y, self.classes) if y.ndim == 1 else y).to(x.dtype)
        if self.flat:
            x, label = x.flatten(1), label * x.shape[2:].numel() ** 0.5
        label = label.view(*label.shape, *[1] * (x.ndim - 2)).expand(-1, -1, *x.shape[2:])
        return self.network(torch.cat([x, label], 1))
