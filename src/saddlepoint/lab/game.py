"""A GAN on points of one or two dimensions while it trains: samples, what the discriminator says, where it pulls."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from saddlepoint.data.dataset import Data, Stacked
from saddlepoint.data.toy import Checkerboard, Mixture
from saddlepoint.errors import UserError
from saddlepoint.lab.pull import pull, surface
from saddlepoint.lab.training import Duel, watch
from saddlepoint.metrics.truth import points_against
from saddlepoint.types import Batch, Noise

Array = npt.NDArray[np.float32]
SHOWN = 1000  # data points, and as many samples
FINE = {1: 401, 2: 61}  # points of the grid along each axis, by dimensions
MARGIN = 0.25  # of the data's extent, shown around it
ARROWS = 120
REACH = 0.12  # length of the longest arrow, of the axis


@dataclass(frozen=True, kw_only=True, eq=False)
class Moment:
    """samples: (N, D); pull: (N, D) minus the gradient of the generator's loss on each, scaled as if it were alone;
    scores: (G,) or (G, G) the discriminator's on the grid, None where the generator is not judged by one number a
    point."""

    step: int
    samples: Array
    pull: Array
    scores: Array | None


@dataclass(frozen=True, kw_only=True, eq=False)
class Scene:
    """What stays the same while the players move. rows: (N,) which of the training data are shown; real: (N, D) they
    themselves; axis: (G,) the grid's values along each dimension, low to high; truth: what the data were drawn from,
    where it is known."""

    rows: npt.NDArray[np.int64]
    real: Array
    axis: Array
    truth: Mixture | Checkerboard | None

    @property
    def dimensions(self) -> int:
        return self.real.shape[1]

    @property
    def width(self) -> float:
        """Of what is shown, along each axis."""
        return float(self.axis[-1] - self.axis[0])


def scene(data: Data) -> Scene:
    """
    Raises:
        UserError: data of other than one or two dimensions.
    """
    if data.spec.kind != "points" or data.spec.dimensions not in FINE:
        raise UserError(f"Only points of one or two dimensions can be drawn, and {data.source} is {data.spec}.")
    rows = np.linspace(0, len(data.train) - 1, min(SHOWN, len(data.train))).astype(np.int64)
    real = data.train.x(rows).numpy()
    centre, half = (real.max() + real.min()) / 2, (real.max() - real.min()) / 2 * (1 + MARGIN)
    axis = np.linspace(centre - half, centre + half, FINE[data.spec.dimensions], dtype=np.float32)
    return Scene(rows=rows, real=real, axis=axis, truth=None if isinstance(data.truth, Stacked) else data.truth)


def play(
    name: str,
    data: Data,
    *,
    steps: int = 2000,
    frames: int = 40,
    seed: int = 0,
    options: Mapping[str, Any] = {},
) -> Iterator[Moment]:
    """Train a generator and what it plays against on points; what there is to see of it comes as it is made.

    Raises:
        UserError: as `scene` and `watch`.
        NonFiniteError: a loss or gradient was not finite.
    """
    seen = scene(data)
    real, axis = torch.from_numpy(seen.real), torch.from_numpy(seen.axis)
    labels = data.train.y(seen.rows)

    def look(step: int, model: Duel) -> Moment:
        noise = Noise("lab", seed, rows=len(real))
        batch = Batch(x=real, y=labels, index=torch.from_numpy(seen.rows), noise=noise)
        samples, pulled, judge = pull(model, batch)
        scores = surface(judge, axis, seen.dimensions).numpy() if judge else None
        return Moment(step=step, samples=samples.numpy(), pull=pulled.numpy(), scores=scores)

    return watch(name, data, look, steps=steps, frames=frames, seed=seed, options=options)


def describe(seen: Scene, moment: Moment) -> str:
    """What a moment amounts to, in words; by the distribution itself where it is known."""
    size = float(np.linalg.norm(moment.pull, axis=1).mean())
    said = [f"step {moment.step:,}: the mean pull on a sample is {size:.2g}"]
    if seen.truth:
        found = points_against(seen.truth, torch.from_numpy(moment.samples))
        said += [f"{key} {value:.3g}" for key, value in found.items()]
    if moment.scores is None:
        said.append("no surface, for the generator is not judged by one number a point")
    return ", ".join(said)


def arrows(pull: Array, width: float) -> Array:
    """The first pulls as lengths on an axis: the strongest is `REACH` long, so that every step shows directions."""
    shown = pull[:ARROWS]
    strongest = float(np.linalg.norm(shown, axis=1).max())
    return shown * (REACH * width / strongest) if strongest else shown


def ranked(scores: Array) -> npt.NDArray[np.float64]:
    """Scores as their ranks in [0, 1]: objectives differ in scale, and what is said to be more real does not."""
    return scores.ravel().argsort().argsort().reshape(scores.shape) / max(scores.size - 1, 1)
