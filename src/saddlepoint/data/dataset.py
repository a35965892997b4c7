"""What training and evaluation read: three splits of one set of rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from saddlepoint.config import DataConfig
from saddlepoint.data.toy import Checkerboard, Mixture
from saddlepoint.types import DataSpec

Index = npt.NDArray[np.int64]


class Rows(Protocol):
    """An array, in memory or mapped from a file, or what makes its rows when they are asked for."""

    def __getitem__(self, index: Index, /) -> npt.NDArray[Any]: ...


def to_model(raw: Tensor) -> Tensor:
    """uint8 (B, H, W, C) as float32 (B, C, H, W) in [-1, 1], channels_last in memory; points as they are."""
    if raw.dtype != torch.uint8:
        return raw
    return raw.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


@dataclass(frozen=True, kw_only=True, eq=False)
class Examples:
    """One split: a view of the rows.

    rows: uint8 (N, H, W, C) or float32 (N, D), memory-mapped where it comes from a cache; labels: int64 (N,) or
    None; index: the rows of this split, in order. grey: rows before they were made black and white, where training is
    to do that anew each time.
    """

    spec: DataSpec
    index: Index
    rows: Rows
    labels: Index | None = None
    grey: Rows | None = None

    def __len__(self) -> int:
        return len(self.index)

    def raw(self, positions: Index | slice) -> Tensor:
        """The examples at these positions of the split: uint8 (B, H, W, C), or float32 (B, D)."""
        return torch.from_numpy(self.rows[self.index[positions]])

    def x(self, positions: Index | slice) -> Tensor:
        """The same as a model takes them: float32 (B, C, H, W) in [-1, 1], or (B, D)."""
        return to_model(self.raw(positions))

    def y(self, positions: Index | slice) -> Tensor | None:
        """Labels, int64 (B,), or None for unlabelled data."""
        return None if self.labels is None else torch.from_numpy(self.labels[self.index[positions]])


@dataclass(frozen=True, kw_only=True)
class BadFile:
    """A file that was left out, and why."""

    name: str
    reason: str


@dataclass(frozen=True, kw_only=True, eq=False)
class Data:
    """A source, ready to use.

    fingerprint: sha256 in hex of content, shape and fit: equal on two machines for equal files, whatever their
    place, age or packing. notes: sentences for the user. truth: the distribution that the examples were drawn from,
    where it is known.
    """

    spec: DataSpec
    source: str
    fingerprint: str
    options: DataConfig
    train: Examples
    validation: Examples
    test: Examples
    bad: tuple[BadFile, ...] = ()
    notes: tuple[str, ...] = ()
    truth: Mixture | Checkerboard | Stacked | None = None


@dataclass(frozen=True, kw_only=True, eq=False)
class Stacked:
    """What is known of stacks: each of `channels` is a picture of `digits`, whatever the others are."""

    digits: Data
    channels: int
