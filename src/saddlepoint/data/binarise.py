"""Black and white pixels from grey ones.

Likelihoods of binary images are reported under two protocols, whose numbers do not compare: each pixel is drawn once,
white with the probability of its grey level (Salakhutdinov and Murray 2008, whose file of MNIST is drawn by another
generator than ours), or drawn anew each time that training sees it (Burda et al. 2016, arXiv 1509.00519). Held-out
images are drawn once in both, by the same seed, so models of the two are measured on equal images.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from saddlepoint.data.dataset import Data, Examples, Index, Rows
from saddlepoint.types import derive_seed

How = Literal["none", "threshold", "fixed", "stochastic"]
Pixels = npt.NDArray[np.uint8]
WHITE = 255


def binarise(data: Data, how: How) -> Data:
    """The images with every number 0 or 255: where that is drawn, by a seed that is the same for everyone."""
    if how == "none":
        return data
    spec = replace(data.spec, levels=2)
    made = {
        name: _examples(replace(split, spec=spec), how, training=name == "train")
        for name, split in {"train": data.train, "validation": data.validation, "test": data.test}.items()
    }
    fingerprint = hashlib.sha256(repr(("binarise", 1, how, data.fingerprint)).encode()).hexdigest()
    return replace(data, spec=spec, fingerprint=fingerprint, **made)


@dataclass(frozen=True, kw_only=True, eq=False)
class Binarised:
    """Looks like an array uint8 (N, H, W, C) of 0 and 255, made of grey ones when it is asked for."""

    grey: Rows
    rule: Callable[[Pixels, Index], npt.NDArray[np.bool_]]

    def __getitem__(self, index: Index) -> Pixels:
        """(B, H, W, C) for (B,) positions."""
        return self.rule(self.grey[index], index) * np.uint8(WHITE)


def threshold(grey: Pixels, index: Index) -> npt.NDArray[np.bool_]:
    """White where grey is at least half: 128 of 255."""
    return grey > WHITE // 2


def drawn(grey: Pixels, index: Index) -> npt.NDArray[np.bool_]:
    """White with probability grey / 255, always the same for the same row of the source.

    A row has its own counter of one generator, so any few rows can be drawn without the rest. Raw bits, for numpy
    keeps their stream for ever: a pixel is white if its 32 of them, a fraction of 2^32, lie below grey / 255.
    """
    pixels = int(np.prod(grey.shape[1:]))
    key = derive_seed("binarise")
    bits = [np.random.Philox(key=key, counter=[0, 0, 0, int(row)]).random_raw(-(-pixels // 2)) for row in index]
    fractions = np.stack(bits).astype("<u8").view("<u4")[:, :pixels].reshape(grey.shape) if bits else grey
    return fractions < grey * (2**32 / WHITE)


def _examples(split: Examples, how: How, training: bool) -> Examples:
    rows = Binarised(grey=split.rows, rule=threshold if how == "threshold" else drawn)
    return replace(split, rows=rows, grey=split.rows if training and how == "stochastic" else None)
