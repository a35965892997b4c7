"""What the evaluator needs of a data set. The data layer's classes satisfy it; so does anything alike."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
from torch import Tensor

from saddlepoint.types import DataSpec, derive_seed

Positions = npt.NDArray[np.int64]
Progress = Callable[[int, int, str], None]
"""Called with what is done, the total, and a phrase that says of what."""


class ExamplesLike(Protocol):
    """One split, read by position."""

    @property
    def spec(self) -> DataSpec: ...

    def __len__(self) -> int: ...

    def x(self, positions: Positions) -> Tensor:
        """float32 (B, *shape), images in [-1, 1], not augmented."""
        ...

    def y(self, positions: Positions) -> Tensor | None:
        """int64 (B,), or None where there are no labels."""
        ...


class KnownPoints(Protocol):
    """A distribution of points, known exactly. modes: (K, D) and their weights (K,), or None for both."""

    @property
    def modes(self) -> Tensor | None: ...
    @property
    def weights(self) -> Tensor | None: ...

    def near(self, x: Tensor) -> Tensor:
        """(B, D) -> bool (B,): whether a point is as near to a mode, or what there is instead, as real ones are."""
        ...


@runtime_checkable
class KnownOnLine(Protocol):
    """A distribution of numbers."""

    def cdf(self, x: Tensor) -> Tensor:
        """Probability of a draw at most x: (B, 1) -> (B,)."""
        ...


@runtime_checkable
class KnownStacks(Protocol):
    """Pictures whose `channels` are labelled grey pictures of another set, each picked whatever the others are."""

    @property
    def digits(self) -> DataLike: ...
    @property
    def channels(self) -> int: ...


class DataLike(Protocol):
    """A data set: three splits, where it came from, the hash that stands for content and options, and the distribution
    it was drawn from where that is known."""

    @property
    def spec(self) -> DataSpec: ...
    @property
    def source(self) -> str: ...
    @property
    def fingerprint(self) -> str: ...
    @property
    def train(self) -> ExamplesLike: ...
    @property
    def validation(self) -> ExamplesLike: ...
    @property
    def test(self) -> ExamplesLike: ...
    @property
    def truth(self) -> KnownPoints | KnownStacks | None: ...


def everything(examples: ExamplesLike) -> Positions:
    """All positions of a split."""
    return np.arange(len(examples))


def chunks(positions: Positions, size: int) -> Iterator[Positions]:
    """Consecutive parts of at most `size`."""
    for start in range(0, len(positions), size):
        yield positions[start : start + size]


def shuffled(count: int, *key: int | str) -> Positions:
    """All of 0 ... count - 1 in an order that depends on the key alone.

    From raw draws: numpy keeps their stream for ever, and that of `Generator.permutation` only within a version.
    """
    return np.argsort(np.random.PCG64(derive_seed(*key)).random_raw(count), kind="stable")
