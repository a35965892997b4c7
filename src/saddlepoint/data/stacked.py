"""Stacked digits: three grey pictures of a labelled set, picked at random, as the red, green and blue of one.

Metz et al. 2017 (Unrolled GAN, arXiv 1611.02163) made them of MNIST: ten classes give a thousand kinds of picture,
which nobody counts by eye and a classifier of the digits counts at once. What a mode is, is known exactly, while the
pictures are no toy.

Nothing of its own is kept in the cache: a stack is three looks at the digits there. Digits held out for testing are
in test stacks alone. There are no labels, for a model that sees the number has been told the modes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from saddlepoint.data.dataset import Data, Examples, Index, Rows, Stacked
from saddlepoint.errors import UserError
from saddlepoint.types import DataSpec, derive_seed

CHANNELS = 3
COUNTS = {"train": 128_000, "validation": 5_000, "test": 10_000}
"""Stacks in each split. 128,000 is PacGAN's number (Lin et al. 2018, section 4.1; from memory): 128 to a mode on the
average, enough that no mode is absent (the rarest of MNIST's has 95 expected) and that they are not learnt by heart."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Stacks:
    """Looks like an array uint8 (N, H, W, 3). digits: uint8 (M, H, W, 1); which: int64 (N, 3), rows of these."""

    digits: Rows
    which: Index

    def __getitem__(self, index: Index) -> npt.NDArray[np.uint8]:
        """(B, H, W, 3) for (B,) positions."""
        return np.ascontiguousarray(self.digits[self.which[index]][..., 0].transpose(0, 2, 3, 1))


def stack(digits: Data, title: str) -> Data:
    """Stacks of the pictures of each split of a set.

    Raises:
        UserError: its pictures have no labels, or a split is empty.
    """
    spec = digits.spec
    if spec.kind != "image" or len(spec.classes) < 2:
        raise UserError(f"{title}: stacks are made of labelled pictures, and {digits.source} holds {spec}.")
    assert spec.shape[0] == 1
    own = DataSpec(shape=(CHANNELS, *spec.shape[1:]))
    splits = {"train": digits.train, "validation": digits.validation, "test": digits.test}
    made = {name: _examples(own, name, split, digits) for name, split in splits.items()}
    key = repr(("stacked", 1, digits.fingerprint, sorted(COUNTS.items())))
    return replace(
        digits,
        spec=own,
        source=title,
        fingerprint=hashlib.sha256(key.encode()).hexdigest(),
        notes=(*digits.notes, f"Each picture is {CHANNELS} of {digits.source}, picked at random."),
        truth=Stacked(digits=digits, channels=CHANNELS),
        **made,
    )


def _examples(spec: DataSpec, name: str, split: Examples, digits: Data) -> Examples:
    if not len(split):
        raise UserError(f"{digits.source} has no {name} pictures to make stacks of.")
    count = COUNTS[name]
    draws = np.random.PCG64(derive_seed("stacked", name)).random_raw(count * CHANNELS) % np.uint64(len(split))
    which = split.index[draws.astype(np.int64)].reshape(count, CHANNELS)
    return Examples(spec=spec, index=np.arange(count), rows=Stacks(digits=split.rows, which=which))
