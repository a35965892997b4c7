"""More examples to choose by than the usual part of the training set."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from hashlib import sha256

import numpy as np
import numpy.typing as npt

from saddlepoint.data.dataset import Data, Examples
from saddlepoint.data.sampler import permutation
from saddlepoint.errors import UserError

READ = 4096
"""Rows at a time."""


def hold_out(data: Data, count: int) -> Data:
    """The data with so many examples for validation, taken from those for training; 0: as it is.

    Whoever asks for as many gets the same ones. Of examples that occur twice none is taken, for an image that a model
    has trained on says nothing when it is judged.

    Raises:
        UserError: there are more for validation already, or not enough for training.
    """
    more = count - len(data.validation)
    if not count or not more:
        return data
    if more < 0:
        raise UserError(f"validation={count}: {data.source} has {len(data.validation):,} for that already.")
    single = np.flatnonzero(_occurs_once(data.train))
    if more >= len(single):
        raise UserError(f"validation={count}: {data.source} has no more than {len(data.train):,} to train on.")
    taken = np.zeros(len(data.train), bool)
    taken[single[permutation(len(single), "hold out")[:more]]] = True
    index = data.train.index
    return replace(
        data,
        train=replace(data.train, index=index[~taken]),
        validation=replace(data.validation, index=np.sort(np.concatenate([data.validation.index, index[taken]]))),
        fingerprint=sha256(repr(("hold out", 1, count, data.fingerprint)).encode()).hexdigest(),
        notes=(*data.notes, f"validation={count}: {len(data.train) - more:,} are left to train on."),
    )


def _occurs_once(examples: Examples) -> npt.NDArray[np.bool_]:
    """(N,) whether no other of these examples has the same content."""
    starts = range(0, len(examples), READ)
    digests = [sha256(row.tobytes()).digest() for i in starts for row in examples.raw(slice(i, i + READ)).numpy()]
    counts = Counter(digests)
    return np.array([counts[digest] == 1 for digest in digests], bool)
