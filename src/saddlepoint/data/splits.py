"""Which example is for training, which for choosing, which for the number that is reported."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from saddlepoint.data.sampler import permutation

SPLITS = ("train", "validation", "test")
BAD = 3
Codes = npt.NDArray[np.uint8]


def encode(splits: Iterable[str]) -> Codes:
    """Names of splits as codes (N,)."""
    return np.array([SPLITS.index(split) for split in splits], np.uint8)


def deal(codes: Codes, originals: npt.NDArray[np.int64] | None = None) -> tuple[Codes, list[str]]:
    """Set aside what the source does not: a tenth for test, then a twentieth of what trains for validation.

    codes: (N,) places in SPLITS as the source has them, or BAD. The choice depends on the number of good
    training examples alone, so it never moves. originals: (N,) the first row of the same content; a copy goes where
    that one goes, for an image that a model has trained on says nothing when it is judged. Returns the new codes and
    what to tell the user.
    """
    originals = np.arange(len(codes)) if originals is None else originals
    codes, notes = codes.copy(), list[str]()
    for split, one_in, most in ("test", 10, 10_000), ("validation", 20, 5_000):
        if (codes == SPLITS.index(split)).any():
            continue
        train = np.flatnonzero(codes == SPLITS.index("train"))
        chosen = train[permutation(len(train), "split", split)[: min(len(train) // one_in, most)]]
        dealt = codes.copy()
        dealt[chosen] = SPLITS.index(split)
        codes[train] = np.where(np.isin(originals[train], train), dealt[originals[train]], dealt[train])
        held = int((codes == SPLITS.index(split)).sum())
        purpose = "the final evaluation" if split == "test" else "choosing checkpoints"
        if held:
            notes.append(f"The source has no {split} split: {held:,} of its {len(train):,} are held out for {purpose}.")
        else:
            notes.append(f"{len(train):,} examples are too few to hold any out for {purpose}.")
    return codes, notes
