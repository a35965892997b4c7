"""Which training labels are known, where a semi-supervised training keeps only some of them."""

from __future__ import annotations

import numpy as np

from saddlepoint.data.dataset import Data, Index
from saddlepoint.data.sampler import permutation
from saddlepoint.errors import UserError


def known_labels(data: Data, seed: int) -> Index:
    """Positions in `data.train` whose labels training may see: `data.options.labels` of them, or all.

    They are the first of each class in a permutation that depends on the seed alone, so 50 of them are among the 100
    of the same seed.

    Raises:
        UserError: there are no labels, they cannot be balanced, or a class has too few.
    """
    train, classes, count = data.train, data.spec.classes, data.options.labels
    if train.labels is None or not classes:
        raise UserError(f"labels={count}: {data.source} has no labels.")
    if not count:
        return np.arange(len(train))
    each, rest = divmod(count, len(classes))
    if rest:
        near = max(round(count / len(classes)), 1) * len(classes)
        raise UserError(f"labels={count} cannot be balanced over {len(classes)} classes: labels={near} can.")
    order = permutation(len(train), "labels", seed)
    shuffled = train.labels[train.index[order]]
    chosen = [order[shuffled == label][:each] for label in range(len(classes))]
    for name, found in zip(classes, chosen, strict=True):
        if len(found) < each:
            raise UserError(
                f"labels={count} asks for {each:,} examples of each class, and {name!r} has {len(found):,} to train on."
            )
    return np.sort(np.concatenate(chosen))
