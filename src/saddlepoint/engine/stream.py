"""What a recipe's step draws from: shuffled training examples, and beside them those whose labels are known."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch

from saddlepoint.data.augment import flipped, shifted
from saddlepoint.data.dataset import Data, Index, to_model
from saddlepoint.data.labels import known_labels
from saddlepoint.data.sampler import Sampler
from saddlepoint.distributed import World
from saddlepoint.types import Batch, Noise, derive_seed

UNKNOWN = -1
"""The label of an example whose label is not known."""


class Stream:
    """Implements `Batches`: training batches in shuffled order, without end; a batch's flips and shifts are its own.

    Its whole state is `position`, the place in the stream. Of several processes each gets its slice of every batch.
    """

    def __init__(self, data: Data, batch: int, *, seed: int, device: torch.device, world: World) -> None:
        self.train, self.seed, self.device = data.train, seed, device
        self.flip, self.shift = data.options.flip, data.options.shift
        self.first, self.last = world.slice(batch)
        self.sampler = Sampler(len(data.train), batch, seed)
        self.position = 0
        asked = data.options.labels or self.train.labels is not None
        self.known = known_labels(data, seed) if asked else None  # positions of the labels that a step may see
        self._hidden = np.ones(len(data.train), np.bool_)
        if self.known is not None:
            self._hidden[self.known] = False
        self.labelled = Labelled(self)

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        batch = self.draw(self.sampler.positions(self.position), self.position)
        self.position += self.sampler.batch
        self.labelled.draws = 0
        return batch

    def begin(self) -> None:
        """A new step, which depends on `position` alone."""
        self.labelled.draws = 0

    def draw(self, positions: Index, *key: int | str) -> Batch:
        """The process's own of these examples, with the noise of a key."""
        positions, device = positions[self.first : self.last], self.device
        noise = Noise("data", self.seed, *key, rows=len(positions), start=self.first, device=device)
        raw, y = self.train.raw(positions), self.train.y(positions)
        if self.train.grey is not None:
            raw = torch.from_numpy(self.train.grey[self.train.index[positions]])
        if y is not None:
            y[torch.from_numpy(self._hidden[positions])] = UNKNOWN
        if device.type == "cuda":
            raw, y = raw.pin_memory(), None if y is None else y.pin_memory()
        x = to_model(raw.to(device, non_blocking=True))
        if self.train.grey is not None:  # white with the probability of its grey level
            x = torch.where(noise.uniform(*x.shape[1:]) < (x + 1) / 2, 1.0, -1.0)
        if self.flip:
            x = flipped(x, noise)
        if self.shift:
            x = shifted(x, self.shift, noise)
        if x.ndim == 4 and x.stride(1) != 1:
            # .contiguous() takes one channel for what it asks, and convolutions then take the slower layout.
            x = torch.empty_like(x, memory_format=torch.channels_last).copy_(x)
        return Batch(
            x=x,
            y=None if y is None else y.to(device, non_blocking=True),
            index=torch.from_numpy(self.train.index[positions]),
            noise=noise,
        )


class Labelled:
    """Batches of the examples whose labels are known, as large as the main stream's, in an order of their own.

    They need no place of their own, for each belongs to the place that the main stream has reached: the second one
    drawn there comes from another shuffling.
    """

    def __init__(self, main: Stream) -> None:
        self.main, self.draws = main, 0
        self._samplers: list[Sampler] = []

    def __iter__(self) -> Iterator[Batch]:
        return self

    def __next__(self) -> Batch:
        main, draw = self.main, self.draws
        assert main.known is not None, "a recipe asked for labels that the data does not have"
        if draw == len(self._samplers):
            key = derive_seed("labelled", main.seed, draw)
            self._samplers.append(Sampler(len(main.known), main.sampler.batch, key))
        self.draws += 1
        return main.draw(main.known[self._samplers[draw].positions(main.position)], "labelled", main.position, draw)
