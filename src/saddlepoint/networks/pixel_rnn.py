"""The recurrent layers of PixelRNN (van den Oord et al. 2016, arXiv 1601.06759, sections 3.1 to 3.3)."""

from __future__ import annotations

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from saddlepoint.networks.masked import MaskedConv2d


def cell(gates: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
    """One step of an LSTM (equation 3) on gates (B, 4h, n) and state (B, h, n): h and c."""
    o, f, i, g = gates.float().chunk(4, dim=1)
    c = f.sigmoid() * c + i.sigmoid() * g.tanh()
    return o.sigmoid() * c.tanh(), c


def skew(x: Tensor) -> Tensor:
    """Row i moved i places to the right, zeros elsewhere: (B, C, R, W) -> (B, C, R, W + R - 1). Figure 3."""
    rows, width = x.shape[-2:]
    return F.pad(x, (0, rows)).flatten(-2)[..., :-rows].unflatten(-1, (rows, width + rows - 1))


def unskew(x: Tensor) -> Tensor:
    """Back from `skew`: (B, C, R, W + R - 1) -> (B, C, R, W)."""
    rows, skewed = x.shape[-2:]
    return F.pad(x.flatten(-2), (0, rows)).unflatten(-1, (rows, skewed + 1))[..., : skewed + 1 - rows]


class RowLSTM(nn.Module):
    """Row by row from the top, where a pixel's state depends on three of the row above: 2h features -> h.
    Section 3.1."""

    def __init__(self, h: int, groups: int) -> None:
        super().__init__()
        self.h = h
        self.to_gates = MaskedConv2d("features", 2 * h, 4 * h, (1, 3), groups)
        self.from_state = nn.Conv1d(h, 4 * h, 3, padding=1, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        h = c = torch.zeros(len(x), self.h, x.shape[-1], device=x.device)
        states: list[Tensor] = []
        for gates in self.to_gates(x).unbind(2):
            h, c = cell(gates + self.from_state(h), c)
            states.append(h)
        return torch.stack(states, 2)


class DiagonalLSTM(nn.Module):
    """Diagonal by diagonal from the top left, where a pixel's state depends on those of its left and its upper
    neighbour: 2h features -> h. Section 3.2."""

    def __init__(self, h: int, groups: int) -> None:
        super().__init__()
        self.h = h
        self.to_gates = MaskedConv2d("features", 2 * h, 4 * h, (1, 1), groups)
        self.from_state = nn.Conv1d(h, 4 * h, 2, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        gates, inside = skew(self.to_gates(x)), skew(torch.ones_like(x[:1, :1], dtype=torch.float32))
        h = c = torch.zeros(len(x), self.h, x.shape[2], device=x.device)
        states: list[Tensor] = []
        for d in range(gates.shape[-1]):
            seen = self.from_state(F.pad(h, (1, 0)))
            h, c = (inside[:, 0, :, d] * state for state in cell(gates[..., d] + seen, c))
            states.append(h)
        return unskew(torch.stack(states, 3))


class DiagonalBiLSTM(nn.Module):
    """A diagonal LSTM from each upper corner: 2h features -> h.

    The one from the right is moved down by a row, so that no pixel sees those to its right.
    """

    def __init__(self, h: int, groups: int) -> None:
        super().__init__()
        self.h = h
        self.left, self.right = DiagonalLSTM(h, groups), DiagonalLSTM(h, groups)

    def forward(self, x: Tensor) -> Tensor:
        right = self.right(x.flip(3)).flip(3)
        return self.left(x) + F.pad(right[:, :, :-1], (0, 0, 1, 0))


class PixelRNNNetwork(nn.Module):
    """Table 1: images (B, C, H, W) -> logits (B, levels, C, H, W), by residual blocks around recurrent layers."""

    def __init__(self, groups: int, levels: int, layer: type[nn.Module], layers: int, width: int, head: int) -> None:
        super().__init__()
        h, head = (-(-features // groups) * groups for features in (width, head))
        self.levels = levels
        self.first = MaskedConv2d("image", groups, 2 * h, (7, 7), groups)
        self.layers = nn.ModuleList(layer(h, groups) for _ in range(layers))
        self.up = nn.ModuleList(MaskedConv2d("features", h, 2 * h, (1, 1), groups) for _ in range(layers))
        self.head = MaskedConv2d("features", 2 * h, head, (1, 1), groups)
        self.logits = MaskedConv2d("features", head, levels * groups, (1, 1), groups)

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for layer, up in zip(self.layers, self.up, strict=True):
            x = x + up(layer(x))
        x = self.head(x.relu()).relu()
        return self.logits(x).unflatten(1, (self.levels, -1))
