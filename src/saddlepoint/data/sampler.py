"""The order in which examples are drawn: a fixed function of the seed, so its whole state is one integer."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saddlepoint.types import derive_seed

Positions = npt.NDArray[np.int64]


def permutation(n: int, *key: int | str) -> Positions:
    """A permutation of 0 ... n - 1 drawn by a key, the same in every version of numpy.

    numpy promises the raw stream of a bit generator for ever, and nothing of `Generator.permutation`.
    """
    return np.argsort(np.random.PCG64(derive_seed(*key)).random_raw(n), kind="stable").astype(np.int64)


class Sampler:
    """An endless stream of positions in which every n in a row, from a multiple of n, are a permutation.

    Place p of the stream holds perm_e[p mod n] with e = p div n. The caller keeps the place, so restoring costs
    nothing, and a batch may straddle two epochs, or hold several where n is smaller than the batch.
    """

    def __init__(self, n: int, batch: int, seed: int) -> None:
        assert n > 0, "nothing to draw from"
        assert batch > 0, batch
        self.n, self.batch, self.seed = n, batch, seed
        self._epochs: dict[int, Positions] = {}

    def positions(self, start: int) -> Positions:
        """The `batch` positions at places [start, start + batch), int64."""
        places = np.arange(start, start + self.batch, dtype=np.int64)
        epochs = places // self.n
        needed = range(int(epochs[0]), int(epochs[-1]) + 1)
        self._epochs = {e: self._epochs[e] if e in self._epochs else self._permute(e) for e in needed}
        return np.concatenate([self._epochs[e][places[epochs == e] % self.n] for e in needed])

    def _permute(self, epoch: int) -> Positions:
        return permutation(self.n, "sampler", self.seed, epoch)
