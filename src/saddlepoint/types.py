"""What flows between the parts: the data's description, a batch, a batch's randomness."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

Losses = Mapping[str, Tensor]
"""What an objective returns: the key "loss" is minimised, every other key is only logged."""


@dataclass(frozen=True, kw_only=True)
class DataSpec:
    """What one example is, which is all that a recipe may know of the data.

    `shape` is (C, H, W) for images, whose values lie in [-1, 1], and (D,) for points.
    `classes` names the labels 0, 1, ...; it is empty for unlabelled data.
    """

    shape: tuple[int, ...]
    kind: Literal["image", "points"] = "image"
    classes: tuple[str, ...] = ()
    levels: int = 256
    """Of images: how many values a number takes, evenly spaced from -1 to 1; 2 for black and white pixels."""

    def __post_init__(self) -> None:
        assert len(self.shape) == (3 if self.kind == "image" else 1), self.shape

    @property
    def dimensions(self) -> int:
        """Numbers in one example: C*H*W or D."""
        return int(torch.Size(self.shape).numel())

    def __str__(self) -> str:
        labels = f", {len(self.classes)} classes" if self.classes else ""
        if self.kind == "points":
            return f"points of {self.shape[0]} dimensions{labels}"
        channels, height, width = self.shape
        binary = "binary " if self.levels == 2 else ""
        return f"{binary}images {height}x{width}x{channels}{labels}"


def derive_seed(*key: int | str) -> int:
    """A seed from a key. Equal keys give equal seeds; near keys give unrelated ones."""
    return int.from_bytes(hashlib.blake2b(repr(key).encode(), digest_size=8).digest()) >> 1


class Noise:
    """Random draws for rows [start, start + rows) of a batch, keyed by (key, draw, row).

    The value of a row depends on its position and on the number of draws before it, never on how the
    batch is cut into micro-batches or over processes, so each cut sees the same noise. Nothing here needs saving:
    the same key gives the same draws again.

    `device` is where the draws are delivered. Sampling draws on the CPU (`draw_on`), so one seed
    gives one picture on every device; training draws where it runs.
    """

    BLOCK = 64  # rows that share one generator: a seeding costs microseconds, a row far less

    def __init__(
        self,
        *key: int | str,
        rows: int,
        start: int = 0,
        device: torch.device | str = "cpu",
        draw_on: torch.device | str | None = None,
    ) -> None:
        self.key, self.rows, self.start, self.draws = key, rows, start, 0
        self.device = torch.device(device)
        self.draw_on = self.device if draw_on is None else torch.device(draw_on)

    def normal(self, *shape: int) -> Tensor:
        """Standard normal draws of shape (rows, *shape)."""
        return self._blocks(lambda g: torch.randn(self.BLOCK, *shape, generator=g, device=self.draw_on))

    def uniform(self, *shape: int) -> Tensor:
        """Draws from [0, 1) of shape (rows, *shape)."""
        return self._blocks(lambda g: torch.rand(self.BLOCK, *shape, generator=g, device=self.draw_on))

    def integers(self, high: int, *shape: int) -> Tensor:
        """Draws from 0 ... high - 1 of shape (rows, *shape), int64."""
        size = (self.BLOCK, *shape)
        return self._blocks(lambda g: torch.randint(high, size, generator=g, device=self.draw_on))

    def take(self, start: int, stop: int) -> Noise:
        """The same noise for rows [start, stop) of these."""
        part = Noise(*self.key, rows=stop - start, start=self.start + start, device=self.device, draw_on=self.draw_on)
        part.draws = self.draws
        return part

    def _blocks(self, draw: Callable[[torch.Generator], Tensor]) -> Tensor:
        generator = torch.Generator(self.draw_on)
        first, last = self.start // self.BLOCK, -(-(self.start + self.rows) // self.BLOCK)
        blocks: list[Tensor] = []
        for block in range(first, max(last, first + 1)):
            generator.manual_seed(derive_seed(*self.key, self.draws, block))
            blocks.append(draw(generator))
        self.draws += 1
        offset = self.start - first * self.BLOCK
        return torch.cat(blocks)[offset : offset + self.rows].to(self.device)


@dataclass(frozen=True, kw_only=True)
class Batch:
    """B examples.

    x: (B, C, H, W) in [-1, 1], or (B, D); y: (B,) int64 labels or None;
    index: (B,) positions in the data set; noise: the randomness that belongs to these rows.
    """

    x: Tensor
    y: Tensor | None
    index: Tensor
    noise: Noise

    def __len__(self) -> int:
        return len(self.x)

    def split(self, size: int) -> Iterator[Batch]:
        """Consecutive parts of at most `size` examples; a part's noise is the rows' own."""
        for start in range(0, len(self), size):
            stop = min(start + size, len(self))
            yield replace(
                self,
                x=self.x[start:stop],
                y=None if self.y is None else self.y[start:stop],
                index=self.index[start:stop],
                noise=self.noise.take(start, stop),
            )
